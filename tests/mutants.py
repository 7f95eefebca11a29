"""Take one defence away at a time and see that a test notices: `make mutants`.

Each mutant is a named patch on a copy of the tree, and the tests that should notice it. A patch
that no longer fits the code is an error too: the list is kept true by running it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AT_ONCE = min(os.cpu_count() or 1, 4)
TOKENS, KEYS = "accounts/cognito/tokens.py", "accounts/cognito/keys.py"
ADAPTER, MODELS, LOGOUT = "accounts/adapter.py", "accounts/models.py", "accounts/cognito/logout.py"
VERIFICATION, CERTIFICATES = "skill_endpoint/verification.py", "skill_endpoint/certificates.py"
SIGNING_KEYS, VOICE_VIEW = "skill_endpoint/signing_keys.py", "skill_endpoint/views.py"


@dataclass(frozen=True)
class Mutant:
    """`old` becomes `new`, once, in `file`; one of `tests` must then fail."""

    defence: str
    file: str
    old: str
    new: str
    tests: str


T_TOKENS, T_KEYS = "tests/accounts/test_tokens.py", "tests/accounts/test_keys.py"
T_LOGIN, T_MODELS = "tests/accounts/test_login.py", "tests/accounts/test_models.py"
T_VERIFY = " ".join(
    f"tests/skill_endpoint/test_verification{part}.py" for part in ("", "_of_time", "_of_shape")
)
T_CHAINS = "tests/skill_endpoint/test_verification.py"  # every bad chain and every switch
T_CERTIFICATES = " ".join(
    f"tests/skill_endpoint/test_certificates{part}.py" for part in ("", "_chains")
)
T_SIGNING_KEYS = " ".join(
    f"tests/skill_endpoint/test_signing_keys{part}.py" for part in ("", "_development")
)
T_VIEWS = "tests/skill_endpoint/test_views.py"
T_DELETION = "tests/companion/test_deletion.py"
T_DRAFT = "tests/companion/test_draft.py"
T_HANDLERS = "tests/skill_endpoint/handlers/"
T_GATEWAY = " ".join(
    f"tests/accounts/oauth_trace/test_gateway_{part}.py" for part in ("log_lines", "reading")
)
T_CERTIFY_RUN = "tests/skill_endpoint/certification/test_run.py"
T_CERTIFY_EXCHANGE = "tests/skill_endpoint/certification/test_exchange.py"
T_GATEWAY_STACK = "tests/accounts/oauth_trace/test_gateway_stack.py"
T_DOCTOR = "tests/companion/doctor"
T_TRACES = " ".join(
    f"tests/companion/traces/test_{part}.py" for part in ("list", "attempt", "switch", "curl")
)

MUTANTS = [
    # what operators see of attempts to link
    Mutant(
        "attempts only for who may see them",
        "companion/traces/access.py",
        "if not (user.is_staff and user.has_perm(VIEW) and user.has_perm(permission)):",
        "if not user.is_staff:",
        T_TRACES,
    ),
    Mutant(
        "that an attempt was looked at",
        "companion/traces/viewings.py",
        "return [Viewing.objects.create(attempt=attempt, viewer=viewer), *found]",
        "return found",
        T_TRACES,
    ),
    Mutant(
        "no formula in the file of attempts",
        "companion/traces/listed.py",
        "table.writerow(map(guarded, cells))",
        "table.writerow(cells)",
        T_TRACES,
    ),
    Mutant(
        "a report does not say who",
        "companion/traces/report.py",
        "json.dumps(_without_subs(data, _subs(attempt)), ensure_ascii=False, indent=2)",
        "json.dumps(data, ensure_ascii=False, indent=2)",
        T_TRACES,
    ),
    Mutant(
        "a report's values are no markup",
        "companion/traces/report.py",
        """ for each in text).replace("`", "'")""",
        " for each in text)",
        T_TRACES,
    ),
    Mutant(
        "a command to copy holds no other",
        "companion/traces/curl.py",
        "        return quote(value.text)",
        "        return value.text",
        T_TRACES,
    ),
    Mutant(
        "an exchange's words keep their direction",
        "templates/traces/exchange.html",
        "<bdi>{{ exchange.look.word }}</bdi>",
        "<span>{{ exchange.look.word }}</span>",
        T_TRACES,
    ),
    # what people type and heard
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
    # operators
    Mutant(
        "operators do not act on each other",
        "accounts/people_actions.py",
        "and (operator.is_superuser or not person.is_staff)",
        "",
        "tests/companion/test_admin_people.py",
    ),
    Mutant(
        "nobody disables or deletes themselves",
        "accounts/people_actions.py",
        "and operator.pk != person.pk",
        "",
        "tests/companion/test_admin_people.py",
    ),
    Mutant(
        "deleting takes a right of its own",
        "accounts/people_actions.py",
        'return may_act_on(operator, person) and bool(operator.has_perm("accounts.delete_user"))',
        "return may_act_on(operator, person)",
        "tests/companion/test_admin_people.py",
    ),
    Mutant(
        "every session ends, in whatever browser",
        "accounts/lockout.py",
        "    user.set_unusable_password()\n",
        "",
        "tests/companion/test_admin_people.py",
    ),
    Mutant(
        "nobody is let in while the pool is away",
        "accounts/lockout.py",
        "if outcome is not Outcome.FAILED:",
        "if True:",
        "tests/accounts/test_lockout.py",
    ),
    # a person's data
    Mutant(
        "a fresh sign-in before a deletion",
        "companion/views/deletion.py",
        "if not is_fresh(request):",
        "if False:",
        T_DELETION,
    ),
    Mutant(
        "the pool's own word for when somebody signed in",
        ADAPTER,
        "sign_in_again.note(request, login.claims.auth_time)",
        "pass",
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
        "one step at a time",
        "accounts/data_export/models.py",
        "free, pk=self.pk,",
        "pk=self.pk,",
        "tests/companion/test_data.py",
    ),
    Mutant(
        "a step that ran out ends nobody's download",
        "accounts/data_export/models.py",
        "claimed_at=claim).update(\n                state",
        ").update(\n                state",
        "tests/companion/test_data.py",
    ),
    Mutant(
        "other people's sessions do not exist",
        "companion/open_sessions.py",
        "filter(user=user, session_key__in=running)",
        "filter(session_key__in=running)",
        "tests/companion/test_sessions.py",
    ),
    # links
    Mutant(
        "an unlinked person's tokens",
        "skill_endpoint/interceptors.py",
        "if known.were_taken_back(claims):",
        "if False:",
        "tests/skill_endpoint/test_unlinking.py",
    ),
    Mutant(
        "refreshed after unlinking",
        "skill_endpoint/models.py",
        "if self.grant and claims.grant:",
        "if False:",
        "tests/skill_endpoint/test_unlinking.py",
    ),
    # tokens
    Mutant(
        "kind of token",
        TOKENS,
        'if payload.get("token_use") != use:',
        "if False:",
        T_TOKENS,
    ),
    Mutant(
        "client of an access token",
        TOKENS,
        'if not _same(payload.get("client_id"), settings.COGNITO_ALEXA_CLIENT_ID):',
        "if False:",
        T_TOKENS,
    ),
    Mutant(
        "audience of an id token",
        TOKENS,
        'if not _same(payload.get("aud"), settings.COGNITO_WEB_CLIENT_ID):',
        "if False:",
        T_TOKENS,
    ),
    Mutant(
        "nonce of an id token",
        TOKENS,
        'if not _same(payload.get("nonce"), nonce):',
        "if False:",
        T_TOKENS,
    ),
    Mutant("issuer", TOKENS, "            issuer=endpoints.issuer(),\n", "", T_TOKENS),
    Mutant(
        "signature of a token",
        TOKENS,
        '"verify_aud": False}',
        '"verify_aud": False, "verify_signature": False}',
        T_TOKENS,
    ),
    Mutant(
        "expiry of a token",
        TOKENS,
        '"verify_aud": False}',
        '"verify_aud": False, "verify_exp": False}',
        T_TOKENS,
    ),
    Mutant("algorithm", TOKENS, 'if header.get("alg") != "RS256":', "if False:", T_TOKENS),
    Mutant(
        "shape of a sub",
        TOKENS,
        'if not isinstance(payload["sub"], str) or not SUB.fullmatch(payload["sub"]):',
        "if False:",
        T_TOKENS,
    ),
    Mutant(
        "only JSON's true is verified",
        TOKENS,
        'payload.get("email_verified") is True',
        'bool(payload.get("email_verified"))',
        T_TOKENS,
    ),
    Mutant(
        "a remembered token expires",
        TOKENS,
        "claims.expires_at <= time.time()",
        "False",
        T_TOKENS,
    ),
    Mutant(
        "unknown keys cannot drive fetches",
        KEYS,
        "return now >= moment and now >= self._tried + COOLDOWN",
        "return now >= moment",
        T_KEYS,
    ),
    Mutant(
        "the last good keys survive an outage",
        KEYS,
        'log.warning("key_set_fetch_failed"',
        'self._keys = {}\n                log.warning("key_set_fetch_failed"',
        T_KEYS,
    ),
    # identity
    Mutant(
        "two doors make one person",
        MODELS,
        "except IntegrityError:",
        "except ZeroDivisionError:",
        T_MODELS,
    ),
    Mutant(
        "a deleted person stays deleted",
        MODELS,
        "if Tombstone.objects.for_sub(sub).exists():",
        "if False:",
        T_MODELS,
    ),
    Mutant(
        "rights are taken away",
        "accounts/groups.py",
        "    user.groups.set(Group.objects.filter(name=OPERATORS) if OPERATORS in groups else [])",
        "    user.groups.add(*Group.objects.filter(name=OPERATORS))",
        T_LOGIN,
    ),
    Mutant(
        "an account row belongs to one person",
        ADAPTER,
        "if account.user_id != user.pk:",
        "if False:",
        T_LOGIN,
    ),
    Mutant(
        "the query cannot widen the scopes",
        "accounts/cognito/provider.py",
        "def get_scope_from_request",
        "def unused_scope_from_request",
        T_LOGIN,
    ),
    Mutant(
        "the query cannot change the authorize request",
        "accounts/cognito/provider.py",
        "def get_auth_params_from_request",
        "def unused_auth_params_from_request",
        T_LOGIN,
    ),
    Mutant(
        "?next= does not skip the pool's sign-out",
        LOGOUT,
        "def get_next_url",
        "def unused_next_url",
        T_LOGIN,
    ),
    Mutant(
        "the admin's sign-out reaches the pool",
        LOGOUT,
        "return redirect(endpoints.logout_url())",
        'return redirect("/")',
        T_LOGIN,
    ),
    Mutant(
        "erasure ends sessions",
        "accounts/erasure.py",
        "        session.end()",
        "        pass",
        "tests/accounts/test_erasure.py",
    ),
    Mutant(
        "erasure reaches the pool",
        "accounts/erasure.py",
        "        idp.admin_delete_user(**name)",
        "        pass",
        "tests/accounts/test_erasure.py",
    ),
    # verifier of the voice door
    Mutant(
        "signature of a request",
        VERIFICATION,
        "        key.verify(raw, body, padding.PKCS1v15(), hashes.SHA256())",
        "        pass",
        T_VERIFY,
    ),
    Mutant(
        "age of a request",
        VERIFICATION,
        "if not -TOLERANCE <= age",
        "if False and not -TOLERANCE <= age",
        T_VERIFY,
    ),
    Mutant(
        "an hour is for events only",
        VERIFICATION,
        'if request["type"] in EVENTS else TOLERANCE',
        "if True else TOLERANCE",
        T_VERIFY,
    ),
    Mutant(
        "skill id",
        VERIFICATION,
        "if application_id not in settings.ALEXA_SKILL_IDS:",
        "if False:",
        T_VERIFY,
    ),
    Mutant(
        "the session is of the same skill",
        VERIFICATION,
        'if _object(session, "application").get("applicationId") != application_id:',
        "if False:",
        T_VERIFY,
    ),
    Mutant(
        "size of a request",
        VERIFICATION,
        "if len(body) > MAX_BODY_BYTES:",
        "if False:",
        T_VERIFY,
    ),
    Mutant(
        "a name stands once",
        VERIFICATION,
        "if len(members) != len(pairs):",
        "if False:",
        T_VERIFY,
    ),
    Mutant(
        "the name itself is in the certificate",
        CERTIFICATES,
        "    if ECHO_API not in {name.lower() for",
        "    if False and ECHO_API not in {name.lower() for",
        T_CHAINS,
    ),
    Mutant(
        "strength of the signing key",
        CERTIFICATES,
        "or key.key_size < MIN_RSA_BITS",
        "or False",
        T_CHAINS,
    ),
    Mutant(
        "folder of the certificate",
        CERTIFICATES,
        'if len(path) < 2 or path[0] != "echo.api":',
        "if False:",
        T_CERTIFICATES,
    ),
    Mutant(
        "redirects of the certificate",
        CERTIFICATES,
        "allow_redirects=False, stream=True",
        "allow_redirects=True, stream=True",
        T_CERTIFICATES,
    ),
    Mutant(
        "size of an answer",
        "accounts/bounded.py",
        "if len(body) > limit or",
        "if",
        f"{T_CERTIFICATES} {T_KEYS}",
    ),
    Mutant(
        "a kept chain expires",
        SIGNING_KEYS,
        "is_valid(now):\n                return kept\n            until",
        "key:\n                return kept\n            until",
        T_SIGNING_KEYS,
    ),
    Mutant(
        "development keys need DEV_TOOLS",
        SIGNING_KEYS,
        "if settings.DEV_TOOLS and settings.ALEXA_DEV_PKI_DIR:",
        "if settings.ALEXA_DEV_PKI_DIR:",
        T_CHAINS,
    ),
    Mutant(
        "a request counts once",
        "skill_endpoint/replay.py",
        "    except IntegrityError:\n        return True",
        "    except IntegrityError:\n        return False",
        f"tests/skill_endpoint/test_replay.py {T_VIEWS}",
    ),
    # the browser's side
    Mutant(
        "the policy lets people reach the pool only",
        "companion/middleware.py",
        "form_action = [CSP.SELF, origin]",
        'form_action = ["*"]',
        T_LOGIN,
    ),
    Mutant(
        "operators look up what the filters offer",
        "accounts/careful_admin.py",
        "        return (\n            lookup in offered",
        "        return True or (\n            lookup in offered",
        "tests/companion/test_careful_admin.py",
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
        "companion/middleware.py",
        'return f"{request.method} {request.path}"',
        'return f"{request.method} {request.get_full_path()}"',
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
        "nobody on this host says where the site is mounted",
        "deploy/gunicorn.conf.py",
        'forwarder_headers = ""',
        "",
        "tests/companion/test_server.py",
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
        "of reports at once one stays",
        "skill_endpoint/facts/models.py",
        "self.bulk_create([report], ignore_conflicts=True)",
        "report.save()",
        "tests/skill_endpoint/facts/test_report_once.py",
    ),
    Mutant(
        "a source is no script",
        "skill_endpoint/facts/content.py",
        "return scheme is None or",
        "return True or",
        "tests/skill_endpoint/facts/test_locators.py",
    ),
    Mutant(
        "an import is bounded before it is read",
        "skill_endpoint/facts/transfer_sheet.py",
        '- text.count("\\r\\n") > MAX_LINES:',
        "< 0:",
        "tests/companion/test_content_admin_transfer.py",
    ),
    Mutant(
        "a preview is worked out once",
        "skill_endpoint/facts/admin_transfer.py",
        "        forgiving_cache.keep(key, kept, seconds=KEPT.total_seconds())\n",
        "",
        "tests/companion/test_content_admin_transfer.py",
    ),
    Mutant(
        "operators' searches are bounded",
        "accounts/careful_admin.py",
        "    search_form_class = BoundedSearch",
        "    pass",
        "tests/companion/test_careful_admin.py",
    ),
    Mutant(
        "operators' searches have few words",
        "accounts/careful_admin.py",
        "search_term.split()[:SEARCH_MAX_WORDS]",
        "search_term.split()",
        "tests/companion/test_careful_admin.py",
    ),
    Mutant(
        "a notice ends with its session",
        "companion/notices.py",
        "OfThisSession(request) if has_session else",
        "",
        "tests/companion/test_notices.py",
    ),
    # content and conversation
    Mutant(
        "nobody unknown fills the queue of reports",
        "skill_endpoint/facts/models.py",
        "(1 if user else FactReport.FROM_NOBODY)",
        "(1 if user else 10**9)",
        T_HANDLERS + "test_facts.py",
    ),
    Mutant(
        "content is escaped",
        "skill_endpoint/speech/wording.py",
        'said = fill("{words}", words=measures.spoken(words, imperial=imperial))',
        "said = Ssml(measures.spoken(words, imperial=imperial))",
        "tests/skill_endpoint/test_speech.py",
    ),
    Mutant(
        "an id that a screen sent back is checked",
        "skill_endpoint/handlers/touches.py",
        "id_of(fact_id))",
        "fact_id)  # type: ignore",
        T_HANDLERS + "test_touches.py",
    ),
    Mutant(
        "markup that came back is read before it is said",
        "skill_endpoint/handlers/builtin.py",
        "is_well_formed(memory.speech) and",
        "True and",
        T_HANDLERS + "test_builtin.py",
    ),
    Mutant(
        "a quiz that came back is bounded",
        "skill_endpoint/memory.py",
        '_ids(known.get("quiz"))[:QUIZ_LENGTH]',
        '_ids(known.get("quiz"))',
        T_HANDLERS + "test_quiz.py",
    ),
    Mutant(
        "a turn that the SDK cannot read is answered",
        "skill_endpoint/skill.py",
        "if readable is None:",
        "if True:",
        "tests/skill_endpoint/test_any_turn.py",
    ),
    Mutant(
        "Lambda answers for our skill alone",
        "companion/aws_lambda.py",
        'if _member(system, "application").get("applicationId") not in settings.ALEXA_SKILL_IDS:',
        "if False:",
        "tests/companion/test_aws_lambda.py",
    ),
    Mutant(
        "no address is spoken",
        "skill_endpoint/facts/content.py",
        "if _ADDRESS.search(text):",
        "if False:",
        "tests/skill_endpoint/facts/test_facts_command.py",
    ),
    Mutant(
        "a search is letters, not an expression",
        "skill_endpoint/facts/folding.py",
        "if len(cases) > 1 else re.escape(character)",
        "if len(cases) > 1 else character",
        "tests/companion/test_facts.py",
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
    # the gateway's log, read by people
    Mutant(
        "of a token that the log cut, no digest",
        "accounts/oauth_trace/gateway/log_lines.py",
        'text = printed.text.rpartition("&")[0] if printed.is_cut else printed.text',
        "text = printed.text",
        T_GATEWAY,
    ),
    Mutant(
        "what can be read in two ways is left out",
        "accounts/oauth_trace/gateway/log_lines.py",
        'len(names) == len(set(names)) and not any(", " in value for _, value in pairs)',
        "True",
        T_GATEWAY,
    ),
    Mutant(
        "nothing of an exchange that cannot be redacted",
        "accounts/oauth_trace/gateway/reading.py",
        "withheld = Recorded(stage=stage, at=logged.at, is_withheld=True)",
        "withheld = Recorded(stage=stage, at=logged.at)",
        T_GATEWAY,
    ),
    Mutant(
        "an answer repeats no secret of its request",
        "accounts/oauth_trace/gateway/reading.py",
        "secrets=redaction.secrets_of(query=logged.query, body=logged.request_body),",
        "",
        T_GATEWAY,
    ),
    Mutant(
        "what the log cut leads to no finding",
        "accounts/oauth_trace/gateway/reading.py",
        "diagnose(mended, wanted) if each.code in in_both",
        "diagnose(least, wanted)",
        T_GATEWAY,
    ),
    Mutant(
        "secrets go to an https server only",
        "accounts/oauth_trace/gateway/stack.py",
        'if parts.scheme != "https" or not _HOST.fullmatch(host) or rest:',
        "if not _HOST.fullmatch(host) or rest:",
        T_GATEWAY_STACK,
    ),
    Mutant(
        "another's log role stays",
        "accounts/oauth_trace/gateway/stack.py",
        'return bool(role) and role.rpartition("/")[2] == _resource(stack, "LogRole")',
        "return bool(role)",
        T_GATEWAY_STACK,
    ),
    Mutant(
        "no body of a sign-in page in a log",
        "deploy/oauth-trace-gateway.yaml",
        "DataTraceEnabled: false",
        "DataTraceEnabled: true",
        T_GATEWAY_STACK,
    ),
    # the self-test before Amazon's review
    Mutant(
        "certify: a refusal without a control is not passed",
        "skill_endpoint/certification/case.py",
        'if proof.startswith("control") and verdict.state == "passed":',
        "if False:",
        T_CERTIFY_RUN,
    ),
    Mutant(
        "certify: one deadline for a whole answer",
        "skill_endpoint/certification/exchange.py",
        "self._connection.settimeout(_left(self._end))",
        "self._connection.settimeout(5)",
        T_CERTIFY_EXCHANGE,
    ),
    Mutant(
        "certify: no query in a report",
        "skill_endpoint/certification/exchange.py",
        "{'?…' if query else ''}",
        "{query}",
        T_CERTIFY_EXCHANGE,
    ),
    Mutant(
        "certify: http stays on this machine",
        "skill_endpoint/certification/exchange.py",
        'if parts.scheme == "http" and host not in LOOPBACK:',
        "if False:",
        T_CERTIFY_EXCHANGE,
    ),
    Mutant(
        "certify: no wait without end after a 429",
        "skill_endpoint/certification/bench.py",
        "if seconds > MAX_WAIT or self._waited + max(0, more) > MAX_WAIT:",
        "if False:",
        f"{T_CERTIFY_RUN}::test_it_waits_for_a_minute_in_all",
    ),
    Mutant(
        "certify: the folder of keys is left as it was",
        "skill_endpoint/certification/publishing.py",
        "path.unlink(missing_ok=True)",
        "pass",
        T_CERTIFY_RUN,
    ),
    Mutant(
        "certify: a report runs nothing",
        "skill_endpoint/certification/report.html",
        "<td>{{ row.seen }}{% if row.took %}, {{ row.took }}{% endif %}{% for note",
        "<td>{{ row.seen|safe }}{% if row.took %}, {{ row.took }}{% endif %}{% for note",
        "tests/skill_endpoint/certification/test_reports.py",
    ),
    Mutant(
        "certify: an endpoint commands no terminal",
        "skill_endpoint/certification/judgement.py",
        '"".join(filter(str.isprintable, answer.content_type[:60]))',
        "answer.content_type[:60]",
        "tests/skill_endpoint/certification/test_judgement.py",
    ),
    # the doctor: what it sends, and what it shows
    Mutant(
        "doctor: no secret without TLS",
        "companion/doctor/checks/endpoints.py",
        '_require(web.is_safe(url), f"{url} is not https: the secret is not sent there")',
        "pass",
        f"{T_DOCTOR}/test_endpoints.py",
    ),
    Mutant(
        "doctor: Amazon's token goes to Amazon alone",
        "companion/doctor/checks/linking.py",
        "if options.smapi != SMAPI and urlsplit(options.smapi).hostname not in web.LOOPBACK:",
        "if False:",
        f"{T_DOCTOR}/test_linking.py",
    ),
    Mutant(
        "doctor: only skill ids go into the address",
        "companion/doctor/checks/linking.py",
        "if not SKILL_ID.fullmatch(skill) or options.stage not in STAGES:",
        "if False:",
        f"{T_DOCTOR}/test_linking.py",
    ),
    Mutant(
        "doctor: no redirect is followed",
        "companion/doctor/web.py",
        "allow_redirects=False",
        "allow_redirects=True",
        f"{T_DOCTOR}/test_endpoints.py",
    ),
    Mutant(
        "doctor: an answer is read up to a size",
        "companion/doctor/web.py",
        "MAX_BYTES = 256 * 1024",
        "MAX_BYTES = 256 * 1024 * 1024",
        f"{T_DOCTOR}/test_endpoints.py",
    ),
    Mutant(
        "doctor: nothing secret leaves in a sentence",
        "companion/doctor/hiding.py",
        'text = text.replace(secret, "(hidden)")',
        "pass",
        f"{T_DOCTOR}/test_report.py",
    ),
    Mutant(
        "doctor: no address of a person leaves in a sentence",
        "companion/doctor/hiding.py",
        '_PHONE.sub("(hidden)", _EMAIL.sub("(hidden)", text))',
        "text",
        f"{T_DOCTOR}/test_report.py",
    ),
    Mutant(
        "doctor: what comes from elsewhere can be written",
        "companion/doctor/hiding.py",
        "\\ufeff\\ud800-\\udfff]",
        "\\ufeff]",
        f"{T_DOCTOR}/test_report.py",
    ),
    Mutant(
        "doctor: the deadline holds",
        "companion/doctor/examination.py",
        "done.get(timeout=left) if left else done.get_nowait()",
        "done.get()",
        f"{T_DOCTOR}/test_examination.py",
    ),
    Mutant(
        "doctor: a check's own error is not shown",
        "companion/doctor/examination.py",
        'f"the check itself failed ({type(failure).__name__})"',
        'f"the check itself failed ({failure})"',
        f"{T_DOCTOR}/test_examination.py",
    ),
    Mutant(
        "doctor: no probe into a trace that records",
        "companion/doctor/checks/endpoints.py",
        "if tracing.span():",
        "if False:",
        f"{T_DOCTOR}/test_endpoints.py",
    ),
    Mutant(
        "doctor: the page is for operators",
        "companion/doctor/views.py",
        "@needs(VIEW)\n",
        "",
        f"{T_DOCTOR}/test_views.py",
    ),
    Mutant(
        "doctor: looking is limited",
        "companion/doctor/views.py",
        'if is_over("doctor", "all", rate=RATE, per=PER):',
        "if False:",
        f"{T_DOCTOR}/test_views.py",
    ),
    Mutant(
        "whose a linking's reference is",
        "companion/linking_cause.py",
        "Attempt.objects.of_person(user.sub).filter",
        "Attempt.objects.filter",
        "tests/companion/test_alexa_link.py",
    ),
    Mutant(
        "somebody else's failed linking ends nobody's waiting",
        "companion/linking_cause.py",
        "attempt = _theirs(user, begun_at).first()",
        "attempt = Attempt.objects.filter(started_at__gte=begun_at).first()",
        "tests/companion/test_alexa_link.py::test_a_failure_of_somebody_else_ends_no_waiting",
    ),
    Mutant(
        "a linking that is under way is waited for",
        "companion/views/alexa_link.py",
        "if found and found.is_over else",
        "if found else",
        "tests/companion/test_alexa_link.py",
    ),
    Mutant(
        "a linking that failed is waited for no more",
        "companion/views/alexa_link.py",
        "if found and found.is_over else",
        "if False else",
        "tests/companion/test_alexa_link.py",
    ),
    Mutant(
        "attempts of nobody are nobody's",
        "accounts/oauth_trace/models.py",
        "return self.filter(Q(sub=sub) | Q(site_sub=sub)) if sub else self.none()",
        "return self.filter(Q(sub=sub) | Q(site_sub=sub))",
        "tests/accounts/oauth_trace/test_personal_data.py",
    ),
    Mutant(
        "tokens of somebody who was erased, in the trace",
        "accounts/oauth_trace/recording.py",
        "if sub and Tombstone.objects.for_sub(sub).exists():",
        "if False:",
        "tests/accounts/oauth_trace/test_personal_data.py",
    ),
    Mutant(
        "a trace that fails breaks no turn",
        "skill_endpoint/traced.py",
        "except Exception as error:",
        "except ZeroDivisionError as error:",
        "tests/skill_endpoint/test_traced.py",
    ),
    Mutant(
        "what a browser calls itself, in the log",
        "companion/logs.py",
        'event["user_agent"] = scrub(said)',
        "pass",
        "tests/companion/test_logs.py tests/companion/test_nothing_leaks.py",
    ),
    Mutant(
        "what is a secret by its name, in another place",
        "accounts/oauth_trace/scrubbing.py",
        "return WITHHELD if any(each in form for each in hidden for form in forms) else shown",
        "return shown",
        "tests/companion/test_nothing_leaks.py",
    ),
    # the front of the OAuth endpoints, and what it writes down
    Mutant(
        "front: the way back is registered",
        "accounts/oauth_trace/views.py",
        "way and way.redirect_uri in wanted_values.known().return_addresses",
        "way",
        "tests/accounts/oauth_trace/test_hostile.py",
    ),
    Mutant(
        "front: a way back is known for an hour",
        "accounts/oauth_trace/capture.py",
        "return attempt.started_at > timezone.now() - timedelta(seconds=MEMORY)",
        "return True",
        "tests/accounts/oauth_trace/test_hostile.py",
    ),
    Mutant(
        "front: a cookie is of its state",
        "accounts/oauth_trace/views.py",
        "kept if kept and state and kept.state == state else None",
        "kept",
        "tests/accounts/oauth_trace/test_hostile.py",
    ),
    Mutant(
        "front: an implicit answer is not captured",
        "accounts/oauth_trace/capture.py",
        'only(raw, "response_type") != "code"',
        "False",
        "tests/accounts/oauth_trace/test_front.py",
    ),
    Mutant(
        "front: another redirect_uri stays wrong",
        "accounts/oauth_trace/views.py",
        'if way and capture.only(raw, "redirect_uri") == way.redirect_uri:',
        "if way:",
        "tests/accounts/oauth_trace/test_front.py",
    ),
    Mutant(
        "front: what was captured ends well without the cache",
        "accounts/oauth_trace/views.py",
        "attempt = recording.find(Kind.CODE, code)",
        "attempt = None",
        "tests/accounts/oauth_trace/test_failing.py",
    ),
    Mutant(
        "front: what was captured ends well after recording ended",
        "accounts/oauth_trace/recording.py",
        "(found.stopped_at or found.ends_at) > timezone.now() - timedelta(seconds=capture.MEMORY)",
        "(found.stopped_at or found.ends_at) > timezone.now()",
        "tests/accounts/oauth_trace/test_front.py",
    ),
    Mutant(
        "self-test: a refused good request is no verdict",
        "skill_endpoint/certification/run.py",
        "        if self.refuses_the_good:\n            return 2\n",
        "",
        "tests/skill_endpoint/certification/test_reports.py",
    ),
    Mutant(
        "front: pages repeat no query",
        "accounts/oauth_trace/views.py",
        'request.META["QUERY_STRING"] = ""',
        "pass",
        "tests/accounts/oauth_trace/test_front.py",
    ),
    Mutant(
        "front: no loop",
        "accounts/oauth_trace/views.py",
        'if forward.MARK in request.headers.get("Via", ""):',
        "if False:",
        "tests/accounts/oauth_trace/test_hostile.py",
    ),
    Mutant(
        "front: redirects of the pool stay there",
        "accounts/oauth_trace/forward.py",
        "if target and _origin(target) == _origin(upstream):",
        "if target:",
        "tests/accounts/oauth_trace/test_hostile.py",
    ),
    Mutant(
        "front: our cookies stay here",
        "accounts/oauth_trace/forward.py",
        '        "cookie",\n',
        "",
        "tests/accounts/oauth_trace/test_front.py",
    ),
    Mutant(
        "front: the whole call has a deadline",
        "accounts/oauth_trace/forward.py",
        "return answers.get(timeout=max(0.0, seconds))",
        "return answers.get()",
        "tests/accounts/oauth_trace/test_failing.py",
    ),
    Mutant(
        "front: an old connection is not used again",
        "accounts/oauth_trace/forward.py",
        "if now - self._used_at > IDLE:",
        "if False:",
        "tests/accounts/oauth_trace/test_failing.py",
    ),
    Mutant(
        "trace: a busy database gets little time",
        "accounts/oauth_trace/briefly.py",
        'cursor.execute(f"PRAGMA busy_timeout = {LONGEST_WAIT}")',
        'cursor.execute("PRAGMA busy_timeout = 3000")',
        "tests/accounts/oauth_trace/test_failing.py",
    ),
    Mutant(
        "trace: a failing database gets a rest",
        "accounts/oauth_trace/briefly.py",
        "_memo.rest_until = time.monotonic() + REST",
        "pass",
        "tests/accounts/oauth_trace/test_recording.py",
    ),
    Mutant(
        "trace: losses are counted",
        "accounts/oauth_trace/recording.py",
        "    _losses.append(attempt_pk)",
        "    pass",
        "tests/accounts/oauth_trace/test_failing.py",
    ),
    Mutant(
        "trace: a rule that breaks costs no record",
        "accounts/oauth_trace/recording.py",
        "found = verdict(trace, diagnose(trace, wanted_values.known()))\n    except Exception",
        "found = verdict(trace, diagnose(trace, wanted_values.known()))\n    except OSError",
        "tests/accounts/oauth_trace/test_failing.py",
    ),
    Mutant(
        "trace: two that wait are not guessed",
        "accounts/oauth_trace/recording.py",
        "return candidates[0] if len(candidates) == 1 else None",
        "return candidates[0] if candidates else None",
        "tests/accounts/oauth_trace/test_recording.py",
    ),
    Mutant(
        "trace: one rule that breaks takes no other with it",
        "accounts/oauth_trace/diagnosis/rule.py",
        "        except Exception as error:",
        "        except OSError as error:",
        "tests/accounts/oauth_trace/test_hidden_addresses.py",
    ),
    Mutant(
        "trace: a host that is withheld can be parsed",
        "accounts/oauth_trace/redaction.py",
        'HIDDEN_HOST = "withheld.invalid"',
        'HIDDEN_HOST = "[withheld].invalid"',
        "tests/accounts/oauth_trace/test_hidden_addresses.py",
    ),
    Mutant(
        "trace: our secrets are known in any encoding",
        "accounts/oauth_trace/scrubbing.py",
        "    if holds_own_secret(text):\n        return WITHHELD\n    text =",
        "    text =",
        "tests/accounts/oauth_trace/test_hidden_addresses.py",
    ),
    Mutant(
        "trace: what was encoded is withheld whole",
        "accounts/oauth_trace/scrubbing.py",
        "if readings and (cleaned != text or any(_clean(each) != each for each in readings)):",
        "if readings and any(_clean(each) != each for each in _readings(cleaned)):",
        "tests/accounts/oauth_trace/test_hidden_addresses.py",
    ),
    Mutant(
        "front: a pool that hangs holds some threads",
        "accounts/oauth_trace/forward.py",
        "return len(self._begun) >= MOST_WAITING",
        "return False",
        "tests/accounts/oauth_trace/test_places.py",
    ),
    Mutant(
        "front: for a pool that is slow nobody waits",
        "accounts/oauth_trace/forward.py",
        "if self._is_full() and time.monotonic() - self._begun[0] > SLOW:",
        "if False:",
        "tests/accounts/oauth_trace/test_places.py",
    ),
    Mutant(
        "front: a place is given back",
        "accounts/oauth_trace/forward.py",
        "        _places.give_back(place)",
        "        pass",
        "tests/accounts/oauth_trace/test_places.py",
    ),
    Mutant(
        "front: calls that hang have an end",
        "accounts/oauth_trace/forward.py",
        "if not room.acquire(blocking=False):",
        "if not room.acquire(blocking=False) and False:",
        "tests/accounts/oauth_trace/test_failing.py",
    ),
    Mutant(
        "front: who finds no place is told to come again",
        "accounts/oauth_trace/views.py",
        'if answer.problem == "busy":',
        "if False:",
        "tests/accounts/oauth_trace/test_places.py",
    ),
    Mutant(
        "front: a malformed chunk is refused",
        "accounts/oauth_trace/views.py",
        "    except Exception as error:  # each server",
        "    except OSError as error:  # each server",
        "tests/accounts/oauth_trace/test_places.py",
    ),
    Mutant(
        "front: a body that breaks off is refused",
        "accounts/oauth_trace/views.py",
        "    except OSError as error:  # it broke off",
        "    except ZeroDivisionError as error:  # it broke off",
        "tests/accounts/oauth_trace/test_places.py"
        "::test_who_goes_away_in_the_middle_is_no_error_of_ours",
    ),
    Mutant(
        "front: half a body is refused",
        "accounts/oauth_trace/views.py",
        "if length.isdigit() and len(body) < int(length):",
        "if False:",
        "tests/accounts/oauth_trace/test_hostile.py",
    ),
    Mutant(
        "front: a long body is refused unread",
        "accounts/oauth_trace/views.py",
        "elif len(length) > 9 or (length.isdigit() and int(length) > MAX_FORM):",
        "elif False:",
        "tests/accounts/oauth_trace/test_hostile.py",
    ),
    Mutant(
        "front: a long body without a length is refused",
        "accounts/oauth_trace/views.py",
        '        raise NotForwarded("invalid_request", "The request is too long.", status=413)\n'
        "    if length",
        "        pass\n    if length",
        "tests/accounts/oauth_trace/test_front.py",
    ),
    Mutant(
        "front: no more of a body is read than is taken",
        "accounts/oauth_trace/views.py",
        ".read(MAX_FORM + 1)",
        ".read()",
        "tests/accounts/oauth_trace/test_front.py",
    ),
    Mutant(
        "server: a body has its time as a whole",
        "deploy/gunicorn.conf.py",
        "if time.monotonic() > end:",
        "if False:",
        "tests/companion/test_server.py",
    ),
    Mutant(
        "trace: one network leaves room for others",
        "accounts/oauth_trace/recording.py",
        'is_over(f"oauth_trace-{stage}", network, rate=MOST_OF_ONE[stage], per=60)',
        "False",
        "tests/accounts/oauth_trace/test_recording.py",
    ),
    Mutant(
        "trace: what is kept is bounded",
        "accounts/oauth_trace/recording.py",
        "if _memo.begun % LOOK_EACH == 0:",
        "if False:",
        "tests/accounts/oauth_trace/test_recording.py",
    ),
    Mutant(
        "trace: what is somebody's makes no room",
        "accounts/oauth_trace/models.py",
        'rows = self.filter(pinned=False, sub="", site_sub="")',
        "rows = self.all()",
        "tests/accounts/oauth_trace/test_recording.py",
    ),
    Mutant(
        "trace: where nothing makes room nothing is begun",
        "accounts/oauth_trace/recording.py",
        "return not _memo.is_full",
        "return True",
        "tests/accounts/oauth_trace/test_recording.py",
    ),
    Mutant(
        "trace: all networks together begin so many a minute",
        "accounts/oauth_trace/recording.py",
        'is_over("oauth_trace", stage, rate=MOST_PER_MINUTE[stage], per=60)',
        "False",
        "tests/accounts/oauth_trace/test_recording.py",
    ),
    Mutant(
        "trace: one network begins so many an hour",
        "accounts/oauth_trace/recording.py",
        'is_over("oauth_trace-hour", network, rate=MOST_PER_HOUR // 10, per=3600)',
        "False",
        "tests/accounts/oauth_trace/test_recording.py",
    ),
    Mutant(
        "trace: all networks together begin so many an hour",
        "accounts/oauth_trace/recording.py",
        'is_over("oauth_trace-hour", "all", rate=MOST_PER_HOUR, per=3600)',
        "False",
        "tests/accounts/oauth_trace/test_recording.py",
    ),
    Mutant(
        "trace: an attempt is bounded in bytes",
        "accounts/oauth_trace/recording.py",
        "> MOST_BYTES",
        "> 10**9",
        "tests/accounts/oauth_trace/test_recording.py",
    ),
    Mutant(
        "gateway: a stack of another kind is left alone",
        "accounts/oauth_trace/gateway/stack.py",
        "if not stack.parameters().keys() >= _PARAMETERS:",
        "if False:",
        "tests/accounts/oauth_trace/test_gateway_stack.py",
    ),
    Mutant(
        "trace: an attempt has an end",
        "accounts/oauth_trace/recording.py",
        "if len(events) >= MOST_EVENTS or _is_too_much(events, event):",
        "if _is_too_much(events, event):",
        "tests/accounts/oauth_trace/test_recording.py",
    ),
    Mutant(
        "trace: encodings hide nothing",
        "accounts/oauth_trace/scrubbing.py",
        "if readings and (cleaned != text or any(_clean(each) != each for each in readings)):",
        "if False:",
        "tests/accounts/oauth_trace/test_redaction.py",
    ),
    Mutant(
        "trace: secrets of ours are known",
        "accounts/oauth_trace/redaction.py",
        "return without(found | own_secrets(), message)",
        "return without(found, message)",
        "tests/accounts/oauth_trace/test_redaction.py"
        "::test_a_secret_of_ours_is_withheld_where_each_part_may_be_shown",
    ),
    Mutant(
        "trace: secrets of ours are known in answers",
        "accounts/oauth_trace/redaction.py",
        "*secrets_of(query=query, body=body), *own_secrets()}, message)",
        "*secrets_of(query=query, body=body)}, message)",
        "tests/accounts/oauth_trace/test_redaction.py"
        "::test_a_secret_of_ours_is_withheld_where_each_part_may_be_shown",
    ),
    Mutant(
        "trace: answers repeat no secret",
        "accounts/oauth_trace/watching.py",
        "            secrets=secrets,\n",
        "",
        "tests/accounts/oauth_trace/test_redaction.py",
    ),
]


def copy_tree(target: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    for environment in (".venv-aws",):
        if (ROOT / environment).exists():
            (target / environment).symlink_to(ROOT / environment)


def run_tests(tree: Path, tests: str) -> tuple[bool, str]:
    """Whether the tests passed, and the first that did not."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:randomly", *tests.split()],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    failed = re.search(r"^(?:FAILED|ERROR) (\S+(?: \S+)*?)(?: - |$)", done.stdout, re.MULTILINE)
    if done.returncode == 1 and failed:
        return False, failed[1]
    return done.returncode == 0, done.stdout[-600:] + done.stderr[-300:]


def notice(mutant: Mutant, clean: Path) -> tuple[bool, str]:
    """Whether a test failed with this defence gone, and which; or what went wrong."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        tree = Path(name) / "tree"
        shutil.copytree(clean, tree, symlinks=True)
        path = tree / mutant.file
        text = path.read_text(encoding="utf-8")
        if text.count(mutant.old) != 1:
            return False, f"the patch does not fit: {text.count(mutant.old)} places"
        path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
        passed, what = run_tests(tree, mutant.tests)
        if passed:
            return False, "no test noticed"
        return "::" in what, what


def main() -> int:
    wanted = sys.argv[1:]
    mutants = [m for m in MUTANTS if not wanted or any(word in m.defence for word in wanted)]
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        clean = Path(name)
        copy_tree(clean)
        tests = " ".join(sorted({test for mutant in mutants for test in mutant.tests.split()}))
        passed, what = run_tests(clean, tests)
        if not passed:
            print(f"the tests fail without any patch: {what}")  # noqa: T201
            return 1
        with ThreadPoolExecutor(AT_ONCE) as pool:
            results = list(pool.map(lambda mutant: notice(mutant, clean), mutants))
    for mutant, (noticed, what) in zip(mutants, results, strict=True):
        print(f"{'noticed ' if noticed else 'UNNOTICED'} {mutant.defence:<46} {what}")  # noqa: T201
    unnoticed = sum(not noticed for noticed, _ in results)
    print(f"{len(results)} defences taken away, {unnoticed} unnoticed")  # noqa: T201
    return 1 if unnoticed else 0


if __name__ == "__main__":
    raise SystemExit(main())
