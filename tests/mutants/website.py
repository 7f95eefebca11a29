"""The browser's side, and what is written to the log."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

REQUEST_LOG = "companion/request_log.py"
RATE_LIMIT = "accounts/rate_limit.py"
T_RATE_LIMIT = "tests/accounts/test_rate_limit.py"
T_REQUEST_LOG = "tests/companion/test_request_log.py"
T_LOGIN = "tests/accounts/test_login.py"
T_DELETION = "tests/companion/test_deletion.py"
T_DRAFT = "tests/companion/test_draft.py"

MUTANTS = [
    Mutant(
        "typed text only for who typed it",
        "companion/draft.py",
        'if not is_fresh or not constant_time_compare(kept["whose"], mark(request.user)):',
        "if not is_fresh:",
        T_DRAFT,
    ),
    Mutant(
        "typed text only from a page of ours",
        "companion/draft.py",
        'if not back or request.headers.get("Sec-Fetch-Site") != "same-origin":',
        "if not back:",
        T_DRAFT,
    ),
    Mutant(
        "a section of preferences changes its own",
        "companion/forms.py",
        "self.instance.save(update_fields=list(self.fields))",
        "self.instance.save()",
        "tests/companion/test_preferences.py::"
        "test_a_section_overwrites_nothing_that_came_while_it_was_checked",
    ),
    Mutant(
        "what is taken out of a history is one's own",
        "companion/views/history.py",
        "hearings = Hearing.objects.filter(user=request.user).with_facts",
        "hearings = Hearing.objects.with_facts",
        "tests/companion/test_history.py",
    ),
    Mutant(
        "a fresh sign-in before a deletion",
        "companion/views/deletion.py",
        "if not is_fresh(request):",
        "if False:",
        T_DELETION,
    ),
    Mutant(
        "a download is its owner's",
        "companion/views/data.py",
        "DataExport.objects.current().filter(user=user)",
        "DataExport.objects.current()",
        "tests/companion/test_data.py",
    ),
    Mutant(
        "other people's sessions do not exist",
        "companion/open_sessions.py",
        "filter(user=user, session_key__in=running)",
        "filter(session_key__in=running)",
        "tests/companion/test_sessions.py",
    ),
    Mutant(
        "the policy lets people reach the pool only",
        "companion/middleware.py",
        "form_action = [CSP.SELF, origin]",
        'form_action = ["*"]',
        T_LOGIN,
    ),
    Mutant(
        "forms come in UTF-8",
        "companion/middleware.py",
        "            if not is_utf8:",
        "            if False:",
        "tests/companion/test_middleware.py",
    ),
    Mutant(
        "no cache keeps personal pages",
        "companion/middleware.py",
        "        if settings.SESSION_COOKIE_NAME in request.COOKIES:",
        "        if False:",
        "tests/companion/test_middleware.py",
    ),
    Mutant(
        "developer pages are for this machine",
        "skill_endpoint/simulator/access.py",
        "        if not (_from_this_machine(request) and",
        "        if False and not (_from_this_machine(request) and",
        "tests/skill_endpoint/simulator/test_forward.py",
    ),
    Mutant(
        "tokens never reach a log",
        "companion/logs.py",
        "        text = secret.sub(",
        "        secret.sub(",
        "tests/companion/test_logs.py",
    ),
    Mutant(
        "codes never reach a log",
        REQUEST_LOG,
        "path = request.path if 200 <= status < 300 else scrub(request.path)",
        "path = request.get_full_path()",
        "tests/companion/test_logs.py",
    ),
    Mutant(
        "a language form leads to no other site",
        "companion/languages.py",
        'return f"/{rest}" if is_own_path(f"/{rest}") else "/"',
        'return f"/{rest}"',
        "tests/companion/test_languages.py",
    ),
    Mutant(
        "a sitemap is built once",
        "companion/kept.py",
        "                forgiving_cache.keep(key, page, seconds=KEPT.total_seconds())\n",
        "",
        "tests/companion/test_kept.py",
    ),
    Mutant(
        "one client asks for sitemaps only so often",
        "companion/kept.py",
        '        @limited(f"kept-{view.__name__}", **RATE)\n',
        "",
        "tests/companion/test_kept.py",
    ),
    Mutant(
        "no shared cache keeps a token",
        "companion/middleware.py",
        'response.headers.get("Content-Type", "").startswith("text/html"):',
        "False:",
        "tests/companion/test_middleware.py",
    ),
    Mutant(
        "refusals raise no alarm and say no value",
        "companion/logs.py",
        '"filters": ["in_a_word"]',
        '"filters": []',
        "tests/companion/test_logs.py",
    ),
    Mutant(
        "a notice ends with its session",
        "companion/notices.py",
        "OfThisSession(request) if has_session else",
        "",
        "tests/companion/test_notices.py",
    ),
    Mutant(
        "nobody takes back what somebody else reported",
        "companion/views/facts.py",
        "FactReport.objects.open().filter(user=request.user, fact=shown).delete()",
        "FactReport.objects.open().filter(fact=shown).delete()",
        "tests/companion/test_reports.py",
    ),
    Mutant(
        "a feed leaves no cookie",
        "companion/views/feeds.py",
        'response["Content-Language"] = language',
        'response.set_cookie("doors_language", language)',
        "tests/companion/test_feeds.py",
    ),
    Mutant(
        "what a browser calls itself, in the log",
        REQUEST_LOG,
        "scrub(said)",
        "said",
        "tests/companion/test_logs.py tests/companion/test_nothing_leaks.py",
    ),
    Mutant(
        "a request's ids are not the next one's",
        REQUEST_LOG,
        "structlog.contextvars.clear_contextvars()",
        "pass",
        T_REQUEST_LOG,
    ),
    Mutant(
        "nobody but a trusted proxy says who the client is",
        RATE_LIMIT,
        "while hops and is_trusted_proxy(address):",
        "while hops:",
        T_RATE_LIMIT,
    ),
    Mutant(
        "a limit counts",
        RATE_LIMIT,
        "return 1 if cache.add(key, 1, timeout=seconds) else int(cache.incr(key))",
        "return 1",
        T_RATE_LIMIT,
    ),
    Mutant(
        "a limit stops who is over it",
        RATE_LIMIT,
        "if _told(partial(_count, key, per + 1)) <= rate:",
        "if _told(partial(_count, key, per + 1)) or True:",
        T_RATE_LIMIT,
    ),
    Mutant(
        "each client has a limit of its own",
        RATE_LIMIT,
        'f"rate:{scope}:{who}:{int(time.time() // per)}"',
        'f"rate:{scope}:{int(time.time() // per)}"',
        T_RATE_LIMIT,
    ),
    Mutant(
        "a limit ends with its window",
        RATE_LIMIT,
        'f"rate:{scope}:{who}:{int(time.time() // per)}"',
        'f"rate:{scope}:{who}:{per}"',
        T_RATE_LIMIT,
    ),
    Mutant(
        "a cache that is down limits nobody",
        RATE_LIMIT,
        "    except Exception as error:  # noqa: BLE001",
        "    except ZeroDivisionError as error:  # noqa: BLE001",
        T_RATE_LIMIT,
    ),
    Mutant(
        "an address that leads nowhere may be anything, in the log",
        REQUEST_LOG,
        "else scrub(request.path)",
        "else request.path",
        T_REQUEST_LOG,
    ),
]
