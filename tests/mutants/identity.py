"""Tokens, people, operators and what belongs to a person."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

TOKENS = "accounts/cognito/tokens.py"
KEYS = "accounts/cognito/keys.py"
ADAPTER = "accounts/adapter.py"
MODELS = "accounts/models.py"
LOGOUT = "accounts/cognito/logout.py"
T_TOKENS = "tests/accounts/test_tokens.py"
T_KEYS = "tests/accounts/test_keys.py"
T_WARM = "tests/skill_endpoint/test_warm_caches.py"
T_WARM_TOKENS = "tests/accounts/test_warm_tokens.py"
T_LOGIN = "tests/accounts/test_login.py"
T_MODELS = "tests/accounts/test_models.py"
T_CERTIFICATES = " ".join(
    f"tests/skill_endpoint/test_certificates{part}.py" for part in ("", "_chains")
)
T_DELETION = "tests/companion/test_deletion.py"

MUTANTS = [
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
    Mutant(
        "the pool's own word for when somebody signed in",
        ADAPTER,
        "sign_in_again.note(request, login.claims.auth_time)",
        "pass",
        T_DELETION,
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
        "found.claims.expires_at <= time.time() - LEEWAY",
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
    Mutant(
        "size of an answer",
        "accounts/bounded.py",
        "if len(body) > limit or",
        "if",
        f"{T_CERTIFICATES} {T_KEYS}",
    ),
    Mutant(
        "operators look up what the filters offer",
        "accounts/careful_admin.py",
        "        return (\n            lookup in offered",
        "        return True or (\n            lookup in offered",
        "tests/companion/test_careful_admin.py",
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
    # a token that is remembered, and the pool's keys
    Mutant(
        "a key that the pool took back",
        TOKENS,
        ".held(self.kid) == self.key)",
        ".held(self.kid) is not None)",
        T_WARM,
    ),
    Mutant(
        "a token has one spelling",
        TOKENS,
        "not _COMPACT.fullmatch(token)",
        "not token.isascii()",
        T_WARM_TOKENS,
    ),
    Mutant(
        "a token is remembered under its rules",
        TOKENS,
        "(endpoints.issuer(), settings.COGNITO_ALEXA_CLIENT_ID, token)",
        "(token,)",
        T_WARM,
    ),
    Mutant(
        "of a token all is remembered",
        TOKENS,
        'hashlib.sha256(rules.encode("utf-8", "replace"))',
        'hashlib.sha256(rules.rpartition(".")[0].encode("utf-8", "replace"))',
        T_WARM_TOKENS,
    ),
    Mutant(
        "remembered tokens are bounded",
        TOKENS,
        "if len(self._claims) > REMEMBERED:",
        "if False:",
        f"{T_TOKENS} {T_WARM_TOKENS}",
    ),
    Mutant(
        "a token is short enough to be looked at",
        TOKENS,
        "if len(token) > MAX_LENGTH or not",
        "if not",
        T_TOKENS,
    ),
    Mutant(
        "a header is short enough to be looked at",
        TOKENS,
        'if len(token.partition(".")[0]) > MAX_HEADER_LENGTH:',
        "if False:",
        T_TOKENS,
    ),
    Mutant(
        "times of a token are whole seconds",
        TOKENS,
        'if any(type(payload[claim]) is not int for claim in ("exp", "iat")):',
        "if False:",
        T_TOKENS,
    ),
    Mutant(
        "what is not configured equals nothing",
        TOKENS,
        "bool(expected) and claim == expected",
        "claim == expected",
        T_TOKENS,
    ),
    Mutant(
        "the key set is looked at again within the hour",
        KEYS,
        "if key is not None and self._is_due(self._fetched + FRESH):",
        "if False:",
        f"{T_KEYS} {T_WARM}",
    ),
    Mutant(
        "a turn waits for no fetch of keys that it has",
        KEYS,
        "threading.Thread(target=self._refresh, daemon=True).start()",
        "self._refresh()",
        f"{T_KEYS} {T_WARM}",
    ),
    Mutant(
        "who comes together fetches the keys once",
        KEYS,
        "if not self._is_due(self._tried):",
        "if False:",
        T_KEYS,
    ),
    Mutant(
        "redirects of the key set",
        KEYS,
        "allow_redirects=False",
        "allow_redirects=True",
        T_KEYS,
    ),
    Mutant(
        "keys for other uses sign no token",
        KEYS,
        'if entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":',
        "if False:",
        T_KEYS,
    ),
]
