"""What keeps a fault of another server short for those who wait."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

AWAY = "companion/postgresql/away.py"
BASE = "companion/postgresql/base.py"
IMPATIENT = "companion/postgresql/impatient.py"
KEYS = "accounts/cognito/keys.py"
RESTING = "accounts/resting_pool.py"
SERVING = "companion/serving.py"
T_SERVING = "tests/companion/test_serving.py"
T_KEYS = "tests/accounts/test_keys.py"
T_RESTING = "tests/accounts/test_resting_pool.py"

MUTANTS = [
    Mutant(
        "faults: a try that fails keeps no connection of the pool",
        BASE,
        "self.pool.putconn(connection)",
        "pass",
        f"{T_SERVING}::test_a_try_that_fails_takes_no_connection_from_the_pool_for_ever",
        needs_services=True,
    ),
    Mutant(
        "faults: a connection that the server ended is not used",
        BASE,
        "if not _has_something_come(connection):",
        "if True:",
        f"{T_SERVING}::test_a_connection_that_the_server_ended_costs_nobody_an_answer",
        needs_services=True,
    ),
    Mutant(
        "faults: nobody waits while the database is away",
        AWAY,
        "if self._is_tried or time.monotonic() < self._next_try:",
        "if False:",
        f"{T_SERVING}::test_while_the_database_is_away_one_tries_after_the_other",
    ),
    Mutant(
        "faults: a busy database is not taken for one that is away",
        AWAY,
        "if is_try or time.monotonic() > self._seen + SEEN_FOR:",
        "if True:",
        f"{T_SERVING}::test_who_finds_no_connection_among_those_who_do_stops_nobody",
    ),
    Mutant(
        "faults: a database that hangs is given up",
        IMPATIENT,
        "return super().wait(gen, interval, ANSWER)",
        "return super().wait(gen, interval, 30.0)",
        f"{T_SERVING}::test_a_database_that_hangs_is_given_up_and_one_tries_while_nobody_waits",
        needs_services=True,
    ),
    Mutant(
        "faults: the server ends a statement that nobody waits for",
        BASE,
        "set_config('statement_timeout', %s, false)",
        "set_config('application_name', %s, false)",
        f"{T_SERVING}::test_the_server_ends_a_statement_that_takes_too_long",
        needs_services=True,
    ),
    Mutant(
        "faults: nobody waits for a lock that others keep",
        BASE,
        "set_config('lock_timeout', %s, false)",
        "set_config('application_name', %s, false)",
        f"{T_SERVING}::test_nobody_waits_for_a_lock_that_others_keep",
        needs_services=True,
    ),
    Mutant(
        "faults: a turn whose time is over asks nothing more",
        "companion/postgresql/replanning.py",
        "if time.monotonic() > asked_until.get():",
        "if False:",
        f"{T_SERVING}::test_a_turn_whose_time_is_over_asks_nothing_more",
        needs_services=True,
    ),
    Mutant(
        "faults: a busy SQLite is not waited for beyond Alexa's patience",
        SERVING,
        'options["timeout"] = SQLITE_BUSY',
        "pass",
        f"{T_SERVING}::test_who_serves_waits_for_sqlite_no_longer_than_alexa_does",
    ),
    Mutant(
        "faults: who waited too long for a thread is not worked for",
        "companion/patient_threads.py",
        "if self.patience[conn.kind].is_over(waited, now):",
        "if False:",
        "tests/companion/test_server.py"
        "::test_who_waited_too_long_for_a_thread_takes_none_from_those_who_come",
    ),
    Mutant(
        "faults: a queue that does not go away makes nobody wait for all of it",
        "companion/patience.py",
        "HURRIED_SECONDS if is_standing else LATE_SECONDS",
        "LATE_SECONDS",
        "tests/companion/test_patience.py"
        "::test_where_more_comes_than_can_be_done_many_are_answered_soon",
    ),
    Mutant(
        "faults: who does not read a page holds no thread",
        "deploy/gunicorn.conf.py",
        "SO_SNDBUF, 2 * PAGE",
        "SO_SNDBUF, 16384",
        "tests/companion/test_server.py::test_who_does_not_read_a_page_holds_no_thread",
    ),
    Mutant(
        "faults: a favorite that was confirmed and is not there is lost",
        "faults/ledger.py",
        "lost=len(lost)",
        "lost=0",
        "tests/faults/test_quick.py::test_a_favorite_that_was_confirmed_and_is_not_there_is_lost",
    ),
    Mutant(
        "faults: a Redis that hangs is waited for once and not at each question",
        RESTING,
        "        self._is_away = True\n",
        "        pass\n",
        f"{T_RESTING}::test_one_that_hangs_is_asked_once_and_found_again",
        needs_services=True,
    ),
    Mutant(
        "faults: while Redis is away one tries at a time",
        RESTING,
        "self._next_try = time.monotonic() + REST  # nobody else tries meanwhile",
        "pass",
        f"{T_RESTING}::test_while_one_tries_nobody_waits_with_it",
    ),
    Mutant(
        "faults: a new key in an outage of Cognito's is no reason to link again",
        KEYS,
        "if not self._keys or self._is_failing:",
        "if not self._keys:",
        f"{T_KEYS}::test_a_new_key_in_an_outage_is_no_reason_to_link_again",
    ),
    Mutant(
        "faults: while Cognito's keys cannot be had, one turn waits for them and not all",
        KEYS,
        "self._refresh(waits=not self._is_failing)",
        "self._refresh()",
        f"{T_KEYS}::test_in_an_outage_one_turn_waits_for_the_fetch_and_not_all",
    ),
    Mutant(
        "faults: a chain that S3 did not give is asked for again soon",
        "skill_endpoint/signing_keys.py",
        'UNREACHED_FOR if found == "certificate_fetch" else FAILED_FOR',
        "FAILED_FOR",
        "tests/skill_endpoint/test_signing_keys.py"
        "::test_a_failure_is_remembered_for_a_short_while_only",
    ),
]
