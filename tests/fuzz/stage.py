"""What stands around a target: keys, a published chain, a pool, people, facts; and what is noticed.

The database is there already: the test suite's, or one that the command makes (command_database).
"""

from __future__ import annotations

import contextlib
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.test.utils import override_settings, setup_databases, teardown_databases
from django.utils import timezone, translation

from accounts.cognito import keys, tokens
from accounts.models import Door, User
from companion import request_log
from skill_endpoint import signing_keys
from skill_endpoint.models import AccountLink
from skill_endpoint.simulator import pki
from skill_endpoint.simulator.pki import Issuer, Signer
from tests.cognito import TokenMint
from tests.conftest import SKILL_ID, browser
from tests.fuzz.fixed_keys import key
from tests.fuzz.target import Target, check
from tests.skill_endpoint.voice import stock_library

LINKED = "amzn1.ask.account.LINKED"


# warnings that stand in the place of a failure, because somebody's linking goes on
_HIDDEN = ("oauth_trace_failed", "oauth_trace_redaction_failed")


class _Errors(logging.Handler):
    """What was logged as an error: where an answer hides a failure of ours, its line does not."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name in {request_log.NAME, "django.request"} and not record.exc_info:
            return  # it repeats the status, at which targets look: a pool's own 500 is passed on
        if record.levelno >= logging.ERROR or any(name in str(record.msg) for name in _HIDDEN):
            self.seen.append(f"{record.msg} {record.exc_text or record.exc_info or ''}")


@dataclass
class Stage:
    folder: Path  # for files; the chain is published in folder/pki
    root: Issuer
    intermediate: Issuer
    signer: Signer  # Alexa
    mint: TokenMint  # the pool
    client: Client
    person: User
    errors: _Errors = field(default_factory=_Errors)


_stage: Stage | None = None


def stage() -> Stage:
    assert _stage is not None, "the stage is not set"
    return _stage


@contextlib.contextmanager
def set_up() -> Iterator[Stage]:
    """One at a time. The fake is at the network's edge: the fetch of the pool's keys."""
    global _stage
    mint = TokenMint(key("pool"))
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doors-fuzz-")))
        published = folder / "pki"
        published.mkdir()
        root, intermediate, signer = _authority()
        (published / "root.pem").write_bytes(pki.pem(root.certificate))
        (published / "chain.pem").write_bytes(signer.chain_pem())
        stack.enter_context(override_settings(ALEXA_DEV_PKI_DIR=str(published), OAUTH_TRACE=True))
        keys._key_sets.clear()
        stack.enter_context(mock.patch.object(keys, "fetch", return_value=keys.parse(mint.jwks())))
        errors = _Errors()
        logging.getLogger().addHandler(errors)
        silent = _silenced()
        try:
            _stage = Stage(
                folder, root, intermediate, signer, mint, browser(), _inhabited(), errors
            )
            yield _stage
        finally:
            _stage = None
            keys._key_sets.clear()
            logging.getLogger().removeHandler(errors)
            for handler, level in silent:
                handler.setLevel(level)


def run(target: Target, data: bytes) -> None:
    """One input, in a transaction that comes to nothing. Raises what the target finds."""
    here = stage()
    cache.clear()
    tokens._memory.clear()
    signing_keys.forget()
    here.errors.seen.clear()
    with transaction.atomic():
        target.run(data[: target.longest])
        transaction.set_rollback(True)
    translation.deactivate()
    check(not here.errors.seen, "nothing is logged as an error", here.errors.seen)


@contextlib.contextmanager
def command_database() -> Iterator[None]:
    """An empty database, where no test suite brings one."""
    made = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(made, verbosity=0)


def _authority() -> tuple[Issuer, Issuer, Signer]:
    """By keys that are always the same: a chain of an earlier run is still one of this root."""
    certificate = pki.make_certificate(
        "Development Root", key("root"), None, life=pki.CA_LIFE, ca=True
    )
    root = Issuer(certificate, key("root"))
    intermediate = pki.new_intermediate(root, key=key("intermediate"))
    signer = pki.new_leaf(intermediate, above=(root.certificate,), key=key("leaf"))
    return root, intermediate, signer


def _inhabited() -> User:
    """A library, and a person who linked the skill."""
    stock_library()
    person = User.objects.for_sub("sub-linked", door=Door.WEB)
    person.email, person.email_verified = "linked@example.com", True
    person.save()
    AccountLink.objects.create(
        application_id=SKILL_ID,
        alexa_user_id=LINKED,
        user=person,
        linked_at=timezone.now(),
        last_used_at=timezone.now(),
    )
    return person


def _silenced() -> list[tuple[logging.Handler, int]]:
    """Thousands of refusals a second are nobody's to read."""
    handlers = [each for each in logging.getLogger().handlers if not isinstance(each, _Errors)]
    before = [(handler, handler.level) for handler in handlers]
    for handler in handlers:
        handler.setLevel(logging.CRITICAL + 1)
    return before
