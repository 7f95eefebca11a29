"""gunicorn's threads, and the servers of one's own that tests and benchmarks start."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

GUNICORN = "deploy/gunicorn.conf.py"
PATIENT = "companion/patient_threads.py"
HEADS = "companion/request_heads.py"
SERVICES = "companion/local/services.py"
T_SERVER = "tests/companion/test_server.py"
T_SERVICES = "tests/companion/local/test_services.py"

MUTANTS = [
    Mutant(
        "nobody on this host says where the site is mounted",
        GUNICORN,
        'forwarder_headers = ""',
        "",
        T_SERVER,
    ),
    Mutant(
        "server: a body has its time as a whole",
        GUNICORN,
        "if time.monotonic() > end:",
        "if False:",
        f"{T_SERVER}::test_what_drips_ends_as_a_whole",
    ),
    Mutant(
        "server: who stops halfway takes no thread",
        PATIENT,
        "if self._has_read(conn, time.monotonic() + READ_SECONDS):",
        "if True:",
        f"{T_SERVER}::test_senders_who_stop_halfway_take_nobodys_place",
    ),
    Mutant(
        "server: who stops halfway is not waited for for ever",
        PATIENT,
        "if end < now]:",
        "if False]:",
        f"{T_SERVER}::test_who_stops_halfway_is_not_waited_for_for_ever",
    ),
    Mutant(
        "server: what drips has its time as a whole",
        PATIENT,
        "self.waiting[conn] = end + len(part) / SLOWEST",
        "self.waiting[conn] = time.monotonic() + READ_SECONDS",
        f"{T_SERVER}::test_what_drips_ends_as_a_whole",
    ),
    Mutant(
        "server: a large request is not kept in memory",
        PATIENT,
        "    if len(data) >= LONGEST:\n        return True\n",
        "",
        f"{T_SERVER}::test_a_request_is_handed_over_when_it_is_there",
    ),
    Mutant(
        "server: who waits for longest makes room",
        PATIENT,
        "if self.nr_conns >= self.worker_connections - 1 and self.waiting:",
        "if False:",
        f"{T_SERVER}::test_who_waits_for_longest_makes_room",
    ),
    Mutant(
        "server: who does not hang up holds nobody up",
        PATIENT,
        "if done.cancelled() or done.exception() or done.result():",
        "if True:",
        f"{T_SERVER}::test_clients_who_do_not_hang_up_hold_nobody_up",
    ),
    Mutant(
        "server: who reads too little is not written to for ever",
        PATIENT,
        "sock, conn.sock = conn.sock, InTime(conn.sock)",
        "sock = conn.sock",
        f"{T_SERVER}::test_who_asks_for_more_than_they_read_gets_a_few_seconds",
    ),
    Mutant(
        "server: a refusal repeats nothing in the log",
        PATIENT,
        'self.log.warning("Request refused: %s", type(exc).__name__)',
        'self.log.warning("Request refused: %s", exc)',
        f"{T_SERVER}::test_an_error_says_nothing_of_what_was_sent",
    ),
    Mutant(
        "server: a refusal repeats nothing to the client",
        PATIENT,
        'util.write_error(client, status, reason, "")',
        "util.write_error(client, status, reason, str(exc))",
        f"{T_SERVER}::test_an_error_says_nothing_of_what_was_sent",
    ),
    Mutant(
        "server: who was just dropped stops nobody",
        PATIENT,
        "if conn in self.waiting and self._has_read",
        "if self._has_read",
        f"{T_SERVER}::test_what_comes_from_somebody_who_just_had_to_make_room_is_nobodys",
    ),
    Mutant(
        "server: pages make no turn wait",
        HEADS,
        "            return Kind.VOICE\n",
        "            return Kind.PAGE\n",
        f"{T_SERVER}::test_no_number_of_pages_makes_alexa_or_a_probe_wait",
    ),
    Mutant(
        "server: pages make no probe wait",
        HEADS,
        "return Kind.PROBE if self._probe.match(data) else Kind.PAGE",
        "return Kind.PAGE",
        f"{T_SERVER}::test_no_number_of_pages_makes_alexa_or_a_probe_wait",
    ),
    Mutant(
        "server: a turn in pieces takes no thread of Alexa's",
        HEADS,
        "        if not is_whole(data):\n            return Kind.LONG\n",
        "",
        f"{T_SERVER}::test_who_pretends_to_be_alexa_and_is_slow_takes_no_thread_of_hers",
    ),
    Mutant(
        "server: bodies that are read take no thread of the pages",
        HEADS,
        "            return Kind.LONG\n",
        "            return Kind.PAGE\n",
        f"{T_SERVER}::test_who_stops_in_the_middle_of_what_a_thread_reads_takes_none_of_the_pages",
    ),
    Mutant(
        "server: only the parser knows the last chunk",
        HEADS,
        "if end < 0 or CHUNKED.search(data, 0, end + 2):",
        "if end < 0:",
        f"{T_SERVER}::test_who_stops_in_the_middle_of_what_a_thread_reads_takes_none_of_the_pages",
    ),
    Mutant(
        "server: one address has its share",
        PATIENT,
        "elif client and self.shares[client] >= SHARE:",
        "elif False:",
        f"{T_SERVER}::test_one_address_has_its_share_of_pages_and_is_told_when_it_is_over",
    ),
    Mutant(
        "server: a share is given back",
        PATIENT,
        "        self.shares[conn.share] -= 1\n",
        "",
        f"{T_SERVER}::test_one_address_has_its_share_of_pages_and_is_told_when_it_is_over",
    ),
    Mutant(
        "server: a share is the client's and not the proxy's",
        HEADS,
        "if trusted and _is_in(peer, trusted):",
        "if False:",
        "tests/companion/test_request_heads.py::test_a_request_is_somebodys",
    ),
    Mutant(
        "server: pages leave connections for turns",
        PATIENT,
        "if self.pages >= self.worker_connections * PAGES:",
        "if False:",
        f"{T_SERVER}::test_pages_of_many_addresses_leave_connections_for_alexa",
    ),
    Mutant(
        "server: what it refuses itself is counted",
        PATIENT,
        "        _count(reason, conn.kind)\n",
        "",
        f"{T_SERVER}::test_what_the_server_refuses_itself_is_counted",
    ),
    # servers of one's own
    Mutant(
        "services: PostgreSQL asks for its password",
        SERVICES,
        '"auth": "scram-sha-256"',
        '"auth": "trust"',
        f"{T_SERVICES}::test_postgresql_needs_its_password",
        needs_services=True,
    ),
    Mutant(
        "services: the password of PostgreSQL is left in no file",
        SERVICES,
        '    (folder / "password").unlink()\n',
        "",
        f"{T_SERVICES}::test_only_its_user_can_look_into_a_folder",
        needs_services=True,
    ),
    Mutant(
        "services: PostgreSQL is for this machine",
        SERVICES,
        "--listen_addresses=127.0.0.1",
        "--listen_addresses=127.0.0.1,127.0.0.2",
        f"{T_SERVICES}::test_they_listen_on_the_loopback_address_only",
        needs_services=True,
    ),
    Mutant(
        "services: Redis is for this machine",
        SERVICES,
        "bind 127.0.0.1\\n",
        "bind 127.0.0.1 127.0.0.2\\n",
        f"{T_SERVICES}::test_they_listen_on_the_loopback_address_only",
        needs_services=True,
    ),
    Mutant(
        "services: a full Redis forgets no claim",
        SERVICES,
        "maxmemory-policy noeviction",
        "maxmemory-policy allkeys-lru",
        f"{T_SERVICES}::test_a_full_redis_refuses_and_forgets_nothing",
        needs_services=True,
    ),
    Mutant(
        "services: what stands for production loses no commit",
        SERVICES,
        "*([] if is_durable else _CARELESS),",
        "*_CARELESS,",
        f"{T_SERVICES}::test_every_commit_reaches_the_disk_unless_a_test_saves_that_time",
        needs_services=True,
    ),
    Mutant(
        "services: no folder is left where its server does not start",
        SERVICES,
        "shutil.rmtree(folder, ignore_errors=True)  # its keeper may have done it",
        "pass",
        f"{T_SERVICES}::test_no_folder_is_left_where_its_server_does_not_start",
    ),
]
