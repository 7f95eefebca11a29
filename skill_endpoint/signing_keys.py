"""Alexa's signing keys by the address of their chain: fetched once, kept until the chain ends.

The address comes from a caller about whom nothing is known yet, so a caller can ask for any
number of them. What bounds that:

* a chain that held is kept until it ends, and nobody can push it out: Amazon's folder holds few;
  once an hour a turn has it fetched in the background, and another good one takes its place, so
  that a key which Amazon replaced at the same address counts no longer than that;
* one fetch an address at a time; who asks meanwhile waits for it; at most MAX_FETCHES in all,
  so that most threads are free for requests whose chain is known;
* an address whose chain was bad is not asked for again for FAILED_FOR seconds, one that could not
  be reached for UNREACHED_FOR: an outage of Amazon's may be over, and turns wait for it;
* fetches that fail come out of a budget, which refills by one each REFILL seconds.

A flood of wrong addresses can therefore delay a chain that this process has never seen, for as
long as the flood lasts, and no turn under a chain that it has.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from concurrent.futures import Future
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.conf import settings

from skill_endpoint import metrics
from skill_endpoint.certificates import (
    CertificateRejected,
    Reason,
    SigningKey,
    checked_chain,
    fetch_chain,
    load_roots,
    normalised,
)

KEPT = 32  # chains
FRESH = 3600  # seconds until a kept chain is looked at again
FAILED_KEPT = 256  # addresses
FAILED_FOR = 30  # seconds
UNREACHED_FOR = 5  # seconds; less often than REFILL, so that nobody's retries use up the budget
MAX_FETCHES = 2  # at the same time
BUDGET = 20  # failed fetches in a row
REFILL = 2  # seconds

log = structlog.get_logger(__name__)

# what `make demo` and tests put into the folder; never the private keys beside them
_DEVELOPMENT_FILE = re.compile(
    r"https://s3\.amazonaws\.com/echo\.api/(?!(?:root-)?key\.pem)([a-z0-9_-]+\.pem)"
)


def signing_key(url: str, now: datetime) -> RSAPublicKey:
    """The key whose chain a SignatureCertChainUrl names and which holds at `now`.

    Raises CertificateRejected.
    """
    address = normalised(url)
    if settings.DEV_TOOLS and settings.ALEXA_DEV_PKI_DIR:
        file = _DEVELOPMENT_FILE.fullmatch(address)
        if file is not None:
            return _development_keys.get(settings.ALEXA_DEV_PKI_DIR, file[1], now).key
    return _public_keys.get(address, now).key


class PublicKeys:
    """Keys of chains that end at a public root. Safe for threads."""

    def __init__(self) -> None:
        # with the time to look at them again
        self._kept: OrderedDict[str, tuple[SigningKey, float]] = OrderedDict()
        self._failed: OrderedDict[str, tuple[float, Reason]] = OrderedDict()
        self._pending: dict[str, Future[SigningKey | Reason]] = {}
        self._budget = float(BUDGET)
        self._refilled = time.monotonic()
        self._lock = threading.Lock()

    def get(self, url: str, now: datetime) -> SigningKey:
        with self._lock:
            kept, fresh_until = self._kept.get(url, (None, 0.0))
            if kept is not None and kept.is_valid(now):
                if time.monotonic() >= fresh_until:
                    self._keep(url, kept)  # nobody else looks meanwhile
                    threading.Thread(target=self._renew, args=(url, now), daemon=True).start()
                metrics.chain_known.inc()
                return kept
            until, reason = self._failed.get(url, (0.0, "certificate"))
            if time.monotonic() < until:
                metrics.chain_failed.inc()
                raise CertificateRejected(reason)
            metrics.chain_not_known.inc()
            pending = self._pending.get(url)
            is_mine = pending is None
            if pending is None:
                if len(self._pending) >= MAX_FETCHES or not self._take():
                    raise CertificateRejected("certificate_fetch_limit")
                pending = self._pending[url] = Future()
        if is_mine:
            self._fetch(url, now, pending)
        found = pending.result()
        if not isinstance(found, SigningKey):
            raise CertificateRejected(found)
        if not found.is_valid(now):
            raise CertificateRejected("certificate")
        return found

    def _renew(self, url: str, now: datetime) -> None:
        """Whatever is no good chain changes nothing: the kept one goes on until it ends."""
        try:
            found = checked_chain(fetch_chain(url), now)
        except CertificateRejected as error:
            log.warning("certificate_renewal_failed", reason=error.reason)
            return
        with self._lock:
            self._keep(url, found)

    def _fetch(self, url: str, now: datetime, pending: Future[SigningKey | Reason]) -> None:
        """Whatever happens, those who wait get an answer."""
        found: SigningKey | Reason = "certificate_fetch"
        try:
            found = checked_chain(fetch_chain(url), now)
        except CertificateRejected as error:
            found = error.reason
        finally:
            with self._lock:
                self._remember(url, found)
                del self._pending[url]
            pending.set_result(found)

    def _remember(self, url: str, found: SigningKey | Reason) -> None:
        if isinstance(found, SigningKey):
            self._budget += 1
            self._failed.pop(url, None)
            self._keep(url, found)
        else:
            self._kept.pop(url, None)
            pause = UNREACHED_FOR if found == "certificate_fetch" else FAILED_FOR
            self._failed[url] = (time.monotonic() + pause, found)
            self._failed.move_to_end(url)
            if len(self._failed) > FAILED_KEPT:
                self._failed.popitem(last=False)

    def _keep(self, url: str, found: SigningKey) -> None:
        self._kept[url] = found, time.monotonic() + FRESH
        self._kept.move_to_end(url)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def _take(self) -> bool:
        now = time.monotonic()
        self._budget = min(BUDGET, self._budget + (now - self._refilled) / REFILL)
        self._refilled = now
        if self._budget < 1:
            return False
        self._budget -= 1
        return True


class DevelopmentKeys:
    """Keys of the chains in settings.ALEXA_DEV_PKI_DIR, read again when a file changes.

    Here root.pem of the folder is trusted beside the public roots; all else is as for Amazon's.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], SigningKey] = {}

    def get(self, folder: str, name: str, now: datetime) -> SigningKey:
        file, root = _files(folder, name)
        try:
            version = (file, *_stamp(file), *_stamp(root))
            kept = self._kept.get(version)
            if kept is not None and kept.is_valid(now):
                metrics.chain_known.inc()
                return kept
            metrics.chain_not_known.inc()
            chain, roots = file.read_bytes(), load_roots(root.read_bytes())
        except OSError as error:
            raise CertificateRejected("certificate_fetch") from error
        key = checked_chain(chain, now, roots)
        if len(self._kept) >= KEPT:
            self._kept.clear()
        self._kept[version] = key
        return key


@lru_cache(KEPT)
def _files(folder: str, name: str) -> tuple[Path, Path]:
    return Path(folder, name), Path(folder, "root.pem")


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_ino, status.st_size


_public_keys = PublicKeys()
_development_keys = DevelopmentKeys()


def forget() -> None:
    """Forget every chain and failure: tests begin with this."""
    global _public_keys, _development_keys
    _public_keys, _development_keys = PublicKeys(), DevelopmentKeys()
