"""Defences against floods, other sites, and rights that were taken back."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

RATE_LIMIT, ADDRESS_LIMIT = "accounts/rate_limit.py", "companion/address_limit.py"
VOICE_VIEW, OWN_PATH = "skill_endpoint/views.py", "accounts/own_path.py"
RIGHTS = "accounts/rights.py"
T_LIMITS, T_BROWSERS = "tests/security/test_rate_limits.py", "tests/security/test_browsers.py"
T_RIGHTS, T_TAKEOVER = "tests/security/test_staff_rights.py", "tests/security/test_takeover.py"
T_CHECKS = "tests/companion/test_checks.py"
T_AUTHORIZATION = "tests/security/test_authorization.py"

MUTANTS = [
    Mutant(
        "the token's address has a limit where the front is not there",
        ADDRESS_LIMIT,
        'if request.path_info in UNCOUNTED and request.method == "POST" and settings.OAUTH_TRACE:',
        "if request.path_info in UNCOUNTED:",
        f"{T_LIMITS}::test_every_address_has_a_limit_unless_it_is_listed",
    ),
    Mutant(
        "guesses at metrics lock nobody out",
        ADDRESS_LIMIT,
        "return None if has_metrics_token(request) else probe",
        "return probe",
        f"{T_LIMITS}::test_no_flood_of_guesses_at_metrics_locks_out_who_has_the_token",
    ),
    Mutant(
        "searches have a limit of their own",
        ADDRESS_LIMIT,
        'return SEARCHING if request.GET.get("q") else READING',
        "return READING",
        f"{T_LIMITS}::test_searches_count_apart_from_pages",
    ),
    Mutant(
        "only a trusted proxy says https",
        "companion/trusted_headers.py",
        "            del request.META[SCHEME]\n",
        "            pass\n",
        "tests/companion/test_trusted_headers.py",
    ),
    Mutant(
        "the balancer's id wins over its client's",
        "companion/request_log.py",
        'if (traced := request.META.get("HTTP_X_AMZN_TRACE_ID")) is not None:',
        'if (traced := request.META.get("HTTP_X_AMZN_TRACE_ID")) and not request.META.get(\n'
        '            "HTTP_X_REQUEST_ID"\n        ):',
        "tests/companion/test_request_log.py::test_a_trusted_proxy_says_which_request_it_is",
    ),
    Mutant(
        "a lookup that the admin refuses is no failure",
        "companion/logs.py",
        '    "DisallowedModelAdminLookup",\n',
        "",
        "tests/companion/test_logs.py::test_a_lookup_that_the_admin_refuses_is_no_failure",
    ),
    Mutant(
        "a backup's folder that others may look into is warned of",
        "companion/management/commands/backup.py",
        "        self._warn_of_others(folder)\n",
        "",
        "tests/companion/backup/test_backup.py",
    ),
    Mutant(
        "every address has a limit",
        "companion/settings.py",
        '    "companion.address_limit.AddressLimitMiddleware",\n',
        "",
        T_LIMITS,
    ),
    Mutant(
        "what is sent has a limit of its own",
        ADDRESS_LIMIT,
        "    if request.method not in _READS:\n        return SENDING\n",
        "",
        T_LIMITS,
    ),
    Mutant(
        "only what is listed has no limit",
        ADDRESS_LIMIT,
        "if request.path_info in UNCOUNTED and",
        'if request.path_info.endswith(".json") or request.path_info in UNCOUNTED and',
        T_LIMITS,
    ),
    Mutant(
        "readiness has a limit",
        "companion/views/health.py",
        '@limited("readyz", rate=600, per=60)',
        "@require_safe",
        T_LIMITS,
    ),
    Mutant(
        "a refusal says when to come back",
        RATE_LIMIT,
        'response["Retry-After"] = str(wait)',
        "pass",
        T_LIMITS,
    ),
    Mutant(
        "no cache keeps a refusal",
        RATE_LIMIT,
        'response["Cache-Control"] = "private, no-store"',
        "pass",
        T_LIMITS,
    ),
    Mutant(
        "a home with many addresses is one client",
        RATE_LIMIT,
        "_HOME, _SITE, _HOMES_OF_A_SITE = 64, 48, 16",
        "_HOME, _SITE, _HOMES_OF_A_SITE = 128, 48, 16",
        T_LIMITS,
    ),
    Mutant(
        "many homes of one site have a limit together",
        RATE_LIMIT,
        "_HOME, _SITE, _HOMES_OF_A_SITE = 64, 48, 16",
        "_HOME, _SITE, _HOMES_OF_A_SITE = 64, 48, 10**6",
        T_LIMITS,
    ),
    Mutant(
        "one home does not use up its neighbors' limit",
        RATE_LIMIT,
        "    return any(\n        is_over(scope, who, rate=rate * times, per=per)\n"
        "        for who, times in buckets(client_address(request))\n    )",
        "    return True in [\n        is_over(scope, who, rate=rate * times, per=per)\n"
        "        for who, times in buckets(client_address(request))\n    ]",
        T_LIMITS,
    ),
    Mutant(
        "another skill's flood limits nobody of ours",
        VOICE_VIEW,
        'NOT_COUNTED = frozenset({"rate_limit", "skill_id"})',
        'NOT_COUNTED = frozenset({"rate_limit"})',
        T_LIMITS,
    ),
    Mutant(
        "one person's flood limits nobody behind their address",
        VOICE_VIEW,
        'NOT_COUNTED = frozenset({"rate_limit", "skill_id"})',
        'NOT_COUNTED = frozenset({"skill_id"})',
        T_LIMITS,
    ),
    Mutant(
        "junk uses up its address",
        VOICE_VIEW,
        'note_against("alexa", address, per=60)',
        "pass",
        T_LIMITS,
    ),
    Mutant(
        "rights end after half a day",
        RIGHTS,
        "is_fresh = 0 <= time.time() - since <= COUNTED",
        "is_fresh = True",
        T_RIGHTS,
    ),
    Mutant(
        "a session that does not say since when has no rights",
        RIGHTS,
        "request.session.get(_SINCE, 0)",
        "request.session.get(_SINCE, time.time())",
        T_RIGHTS,
    ),
    Mutant(
        "each request asks whether rights still count",
        "companion/settings.py",
        '"companion.middleware.AuthenticationMiddleware"',
        '"django.contrib.auth.middleware.AuthenticationMiddleware"',
        T_RIGHTS,
    ),
    Mutant(
        "no next that browsers misread",
        OWN_PATH,
        "and not _MISREAD.search(url)",
        "",
        f"{T_BROWSERS}::test_own_paths_are_paths_of_this_site",
    ),
    Mutant(
        "a next is a path",
        OWN_PATH,
        'and url.startswith("/")',
        "",
        f"{T_BROWSERS}::test_no_next_leads_to_another_site",
    ),
    Mutant(
        "no proxy header names the host",
        "companion/settings.py",
        "SECURE_SSL_REDIRECT = HTTPS\n",
        "SECURE_SSL_REDIRECT = HTTPS\nUSE_X_FORWARDED_HOST = True\n",
        f"{T_BROWSERS}::test_no_header_that_a_cache_ignores_changes_a_page",
    ),
    Mutant(
        "the admin's sign-out needs a token",
        "accounts/cognito/logout.py",
        "@login_not_required\n@require_POST\ndef admin_sign_out",
        "@__import__('django.views.decorators.csrf', fromlist=['x']).csrf_exempt\n"
        "@login_not_required\n@require_POST\ndef admin_sign_out",
        f"{T_BROWSERS}::test_nobody_is_signed_out_by_another_site",
    ),
    Mutant(
        "no page in a frame",
        "companion/settings.py",
        '"frame-ancestors": [CSP.NONE],',
        "",
        f"{T_BROWSERS}::test_no_answer_can_be_framed_guessed_at_or_told_to_others",
    ),
    Mutant(
        "an address of the pool finds nobody",
        "accounts/adapter.py",
        "user = User.objects.for_sub(claims.sub, door=Door.WEB)\n",
        "user = User.objects.filter(email=claims.email, email__gt='').first()\n"
        "    user = user or User.objects.for_sub(claims.sub, door=Door.WEB)\n",
        T_TAKEOVER,
    ),
    Mutant(
        "an operator sees what their permissions say",
        "companion/traces/access.py",
        "user.is_staff and user.has_perm(VIEW) and user.has_perm(permission)",
        "user.is_staff",
        f"{T_AUTHORIZATION}::test_everybody_gets_where_the_table_says[staff]",
    ),
    Mutant(
        "a download is its owner's",
        "companion/views/data.py",
        "DataExport.objects.current().filter(user=user), pk=pk",
        "DataExport.objects.current(), pk=pk",
        "tests/companion/test_other_peoples.py",
    ),
    Mutant(
        "nobody trusts every proxy",
        "companion/checks.py",
        '{"0.0.0.0/0", "::/0"} &',
        "set[str]() &",
        T_CHECKS,
    ),
]
