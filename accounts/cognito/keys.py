"""The pool's public keys, cached per address of the key set.

Kept by ourselves because PyJWT's client forgets the last good set at the end of its lifespan, so
that an outage of Cognito would end every voice turn.

* A set is fetched on first use and then once an hour, in the background: a turn never waits.
* A key id that is not in the set causes one fetch, then none for COOLDOWN: callers cannot drive it.
* A fetch that fails leaves the last good set in place. It is tried again after RETRY by one turn;
  others do not wait for it. Until one succeeds a key id that is not in the set may be a new one:
  KeysUnavailable, and not UnknownKey, which would send people to link their accounts again.
"""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import jwt
import requests
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from accounts.bounded import Unreadable, read
from accounts.cognito import metrics
from accounts.metrics import Service, outbound

FRESH = 3600  # seconds
COOLDOWN = 30  # seconds
RETRY = 5  # seconds, after a fetch that failed
TIMEOUT = (2, 3)  # seconds to connect, between two reads
DEADLINE = 4  # seconds for the whole answer: a first turn waits for it, and Alexa waits 8 s
MAX_BYTES = 64 * 1024

log = structlog.get_logger(__name__)


class KeysUnavailable(Exception):
    """There is no key set, or none as new as it should be, and none can be had now."""


class UnknownKey(Exception):
    """The key set does not hold this key id."""


class KeySet:
    """The keys at one address. Safe for threads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._keys: dict[str, Any] = {}
        self._fetched = self._tried = float("-inf")
        self._is_failing = False
        self._fetching = threading.Lock()

    def key(self, kid: str) -> Any:
        """The public RSA key of this id. Raises UnknownKey or KeysUnavailable."""
        if (key := self.held(kid)) is not None:
            return key
        metrics.key_not_known.inc()
        self._refresh(waits=not self._is_failing)
        if (key := self._keys.get(kid)) is not None:
            return key
        if not self._keys or self._is_failing:
            raise KeysUnavailable(self.url)
        raise UnknownKey(kid)

    def held(self, kid: str) -> Any | None:
        """The key of this id as far as it is known by now: never waits for a fetch."""
        key = self._keys.get(kid)
        if key is not None:
            metrics.key_known.inc()
            self.renew_if_due()
        return key

    def renew_if_due(self) -> None:
        """Fetch keys that are an hour old again, in the background."""
        if self._is_due(self._fetched + FRESH):
            threading.Thread(target=self._refresh, daemon=True).start()

    @property
    def age(self) -> float | None:
        """Seconds since the keys were fetched; None where there are none."""
        return time.monotonic() - self._fetched if self._keys else None

    def _is_due(self, moment: float) -> bool:
        now = time.monotonic()
        pause = RETRY if self._is_failing else COOLDOWN
        return now >= moment and now >= self._tried + pause

    def _refresh(self, *, waits: bool = True) -> None:
        """Fetch once for everybody who `waits`; not again so soon after the last try."""
        if not self._fetching.acquire(blocking=waits):
            return
        try:
            if not self._is_due(self._tried):
                return
            self._tried = time.monotonic()
            try:
                with outbound(Service.KEYS):
                    keys = fetch(self.url)
            except (requests.RequestException, Unreadable, ValueError, RecursionError) as error:
                log.warning("key_set_fetch_failed", error=type(error).__name__)
                self._is_failing = True
                # from its end: one that hung took seconds of a thread
                self._tried = time.monotonic()
                return
            self._keys, self._fetched = keys, time.monotonic()
            self._is_failing = False
        finally:
            self._fetching.release()


def fetch(url: str) -> dict[str, Any]:
    """Key id to public key, from a JSON Web Key Set (RFC 7517): its RS256 signing keys."""
    with requests.get(url, timeout=TIMEOUT, allow_redirects=False, stream=True) as response:
        if response.status_code != requests.codes.ok:
            raise ValueError(f"status {response.status_code}")
        body = read(response, limit=MAX_BYTES, seconds=DEADLINE)
    return parse(json.loads(body))


def parse(document: Any) -> dict[str, Any]:
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("not a key set")  # noqa: TRY004 - bad data, not a bad call
    keys: dict[str, Any] = {}
    for entry in entries:
        if not isinstance(entry, dict) or entry.get("kty") != "RSA":
            continue
        if entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
            continue
        kid = entry.get("kid")
        if isinstance(kid, str) and kid:
            try:
                key = jwt.PyJWK(entry, algorithm="RS256").key
            except jwt.PyJWTError:
                continue
            if isinstance(key, RSAPublicKey):  # a private key that is public is anybody's
                keys[kid] = key
    if not keys:
        raise ValueError("no signing key in the key set")
    return keys


_key_sets: dict[str, KeySet] = {}
_key_sets_lock = threading.Lock()


def key_set(url: str) -> KeySet:
    with _key_sets_lock:
        if url not in _key_sets:
            _key_sets[url] = KeySet(url)
        return _key_sets[url]
