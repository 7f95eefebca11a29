"""What fuzzing found, and that its targets notice: a target that nothing breaks proves nothing."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

CERTIFICATES = "skill_endpoint/certificates.py"
TOKENS = "accounts/cognito/tokens.py"
SCRUBBING = "accounts/oauth_trace/scrubbing.py"
T_CHAINS = "tests/skill_endpoint/test_certificates_chains.py"
T_KEYS = "tests/accounts/test_keys.py"
T_CALLS = "tests/test_dangerous_calls.py"
T_SECRETS = "tests/test_secrets.py"


def by(target: str) -> str:
    """The test of one target."""
    return f"tests/fuzz/test_targets.py::test_its_promise_holds_for_whatever_comes[{target}]"


MUTANTS = [
    Mutant(
        "a root that cannot be read takes no other away",
        CERTIFICATES,
        "contextlib.suppress(Exception):",
        "contextlib.suppress(ValueError, CryptographyDeprecationWarning):",
        T_CHAINS,
    ),
    Mutant(
        "a private key that was published is none",
        "accounts/cognito/keys.py",
        "if isinstance(key, RSAPublicKey):",
        "if True:",
        T_KEYS,
    ),
    Mutant(
        "what names no kind of turn is pared down to nothing",
        "skill_endpoint/essentials.py",
        '_texts(request, "type").get("type") not in TURNS',
        'request.get("type") not in TURNS',
        "tests/skill_endpoint/test_essentials.py",
    ),
    Mutant(
        "fuzzing: an address has only letters that mean themselves",
        CERTIFICATES,
        "[A-Za-z0-9._~-]+)+)",
        "[A-Za-z0-9._~%-]+)+)",
        by("chain_address"),
    ),
    Mutant(
        "fuzzing: a chain goes back to a root",
        CERTIFICATES,
        "chain = policy.build_server_verifier(x509.DNSName(ECHO_API)).verify(leaf, others)",
        "chain = [leaf, *others]",
        by("chain_file"),
    ),
    Mutant(
        "fuzzing: a token is of this use",
        TOKENS,
        'if payload.get("token_use") != use:',
        "if False:",
        by("token_claims"),
    ),
    Mutant(
        "fuzzing: an encoded secret is read as it is meant",
        SCRUBBING,
        "DECODINGS = 3",
        "DECODINGS = 1",
        by("scrubbing"),
    ),
    Mutant(
        "fuzzing: an address of somebody is withheld",
        SCRUBBING,
        "part = _WITH_AT.sub(WITHHELD, parts[index])",
        "part = parts[index]",
        by("redaction"),
    ),
    Mutant(
        "fuzzing: a line of the log has no token in it",
        "companion/logs.py",
        "client_secret|password|",
        "passwort|",
        by("log_line"),
    ),
    Mutant(
        "fuzzing: a captured linking goes on to the letter",
        "accounts/oauth_trace/capture.py",
        'is_it = equals and _decoded(key) == "redirect_uri"',
        'is_it = equals and _decoded(key) in {"redirect_uri", "scope"}',
        by("oauth_trace"),
    ),
    Mutant(
        "a dangerous call needs its reason",
        "companion/wish.py",
        "from __future__ import annotations\n",
        "from __future__ import annotations\n\nimport pickle\n",
        T_CALLS,
    ),
]
