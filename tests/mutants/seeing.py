"""What keeps counters, logs, health and error reports true, and free of anything personal."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

LOGS = "companion/logs.py"
REQUEST_LOG = "companion/request_log.py"
READINESS = "companion/readiness.py"
TOLD = "skill_endpoint/told_turn.py"
TRACING = "companion/tracing.py"
GUNICORN = "deploy/gunicorn.conf.py"
T_LOGS = "tests/companion/test_logs.py"
T_REQUEST_LOG = "tests/companion/test_request_log.py"
T_EVERYTHING = "tests/companion/test_log_of_everything.py"
T_METRICS = "tests/skill_endpoint/test_metrics.py"
T_HEALTH = "tests/companion/test_health.py"
T_SENTRY = "tests/companion/test_sentry.py"
T_TRACING = "tests/companion/test_tracing.py"
T_WORKERS = "tests/companion/test_several_workers.py"
T_DIGEST = "tests/accounts/test_person_digest.py"

MUTANTS = [
    Mutant(
        "nobody but the doctor keeps a refusal out of the count",
        "skill_endpoint/probe.py",
        "    except BadSignature:\n        return False",
        "    except BadSignature:\n        return True",
        "tests/skill_endpoint/test_probe.py",
    ),
    Mutant(
        "what gunicorn says of a site that cannot be loaded holds no secret",
        "companion/server_log.py",
        "            handler.setFormatter(formatter)",
        "            handler.setFormatter(handler.formatter)",
        "tests/companion/test_server_log.py",
    ),
    Mutant(
        "an address with a password is not written",
        LOGS,
        '    re.compile(r"(://)[^\\s/@:]*+:[^\\s/@]*+(?=@)"),',
        "    #",
        T_LOGS,
    ),
    Mutant(
        "the operators' page knows of a database that takes no writes",
        "companion/operations/database.py",
        "    except DatabaseError as error:\n        return f",
        "    except DatabaseError as error:\n        return '' and f",
        "tests/companion/operations/test_page.py",
    ),
    Mutant(
        "the log names nobody who has linked",
        "skill_endpoint/ending.py",
        "person_digest(self.sub)",
        "self.sub",
        T_EVERYTHING,
    ),
    Mutant(
        "the log names nobody who has signed in",
        REQUEST_LOG,
        'fields["person"] = person_digest(sub)',
        'fields["person"] = sub',
        f"{T_EVERYTHING} {T_REQUEST_LOG}",
    ),
    Mutant(
        "a digest of a person needs the key",
        "accounts/person_digest.py",
        "hmac.digest(_key(settings.SECRET_KEY), sub.encode(), ",
        'hmac.digest(b"", sub.encode(), ',
        T_DIGEST,
    ),
    Mutant(
        "an intent from outside is no label",
        TOLD,
        "return text if isinstance(text, str) and text in words else OTHER",
        "return str(text)",
        T_METRICS,
    ),
    Mutant(
        "a turn does not take over whose the last one was",
        "skill_endpoint/ending.py",
        "    ending = Ending()\n",
        "    ending = _ending.get() or Ending()\n",
        T_METRICS,
    ),
    Mutant(
        "only a trusted proxy names a request",
        REQUEST_LOG,
        'if settings.TRUSTED_PROXIES and is_trusted_proxy(request.META.get("REMOTE_ADDR") or ""):',
        "if True:",
        T_REQUEST_LOG,
    ),
    Mutant(
        "a request's name has one shape",
        REQUEST_LOG,
        'r"[A-Za-z0-9_-]{16,64}"',
        'r".+"',
        T_REQUEST_LOG,
    ),
    Mutant(
        "what may be a secret is looked at",
        LOGS,
        'or "=" in text or ":" in text or "@" in text or "+" in text:',
        'or "=" in text:',
        T_LOGS,
    ),
    Mutant(
        "letters that resemble others are looked at",
        LOGS,
        'if not text.isascii() or "=" in text',
        'if "=" in text',
        T_LOGS,
    ),
    Mutant(
        "a database that hangs is not ready in time",
        READINESS,
        "answers.get(timeout=max(0.0, end - time.monotonic()))",
        "answers.get(timeout=30)",
        T_HEALTH,
        needs_services=True,
    ),
    Mutant(
        "what hangs is not asked again",
        READINESS,
        "        if self._is_busy.is_set():\n            return False\n",
        "",
        T_HEALTH,
    ),
    Mutant(
        "probing is no load",
        READINESS,
        "REMEMBERED = 1.0",
        "REMEMBERED = -1.0",
        T_HEALTH,
    ),
    Mutant(
        "a cache that is gone stops no turn",
        READINESS,
        'return Part(State.DEGRADED, f"{why}; replays',
        'return Part(State.FAILED, f"{why}; replays',
        T_HEALTH,
    ),
    Mutant(
        "code whose migrations are missing is not ready",
        READINESS,
        "        if missing:\n",
        "        if False:\n",
        T_HEALTH,
    ),
    Mutant(
        "an exhausted pool makes no probe wait",
        READINESS,
        '        options.pop("pool", None)\n',
        "",
        T_HEALTH,
        needs_services=True,
    ),
    Mutant(
        "a statement of a probe has an end",
        READINESS,
        'options["options"] = f"{given} -c statement_timeout={STATEMENT_MS}"',
        "pass",
        T_HEALTH,
        needs_services=True,
    ),
    Mutant(
        "who is to stop is not ready",
        READINESS,
        "if draining.is_draining():",
        "if False:",
        T_HEALTH,
    ),
    Mutant(
        "a server drains before it stops",
        GUNICORN,
        "if draining.is_draining() or not DRAIN_SECONDS:",
        "if True:",
        T_WORKERS,
    ),
    Mutant(
        "a time to drain that is none is told at the start",
        GUNICORN,
        "if not 0 <= seconds < math.inf:",
        "if seconds == 0.5:",
        T_WORKERS,
    ),
    Mutant(
        "a dead worker is no worker",
        GUNICORN,
        "multiprocess.mark_process_dead(worker.pid)",
        "pass",
        T_WORKERS,
    ),
    Mutant(
        "the last run is not counted again",
        GUNICORN,
        "            file.unlink()\n",
        "            pass\n",
        T_WORKERS,
    ),
    Mutant(
        "an error report has no local variables",
        LOGS,
        "include_local_variables=False",
        "include_local_variables=True",
        T_SENTRY,
    ),
    Mutant(
        "an error report has nothing from before",
        LOGS,
        'for part in ("user", "extra", "breadcrumbs"):',
        "for part in ():",
        T_SENTRY,
    ),
    Mutant(
        "an error report has no token of a path",
        LOGS,
        'request["url"] = redaction.address(str(request["url"]).partition("?")[0])',
        "pass",
        T_SENTRY,
    ),
    Mutant(
        "an error of the database quotes no value",
        LOGS,
        're.compile(r"(\\)=\\()[^)]*")',
        're.compile(r"(?!)")',
        T_SENTRY,
    ),
    Mutant(
        "a trace has no texts of errors",
        TRACING,
        "record_exception=False",
        "record_exception=True",
        T_TRACING,
    ),
    Mutant(
        "a trace has no values of statements",
        TRACING,
        'spans.span(f"sql {named(str(sql))}")',
        'spans.span(f"sql {sql} {params}")',
        T_TRACING,
    ),
]
