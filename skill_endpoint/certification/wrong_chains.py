"""Chains of a root that the endpoint trusts; each differs from a good one in what it is named for.

pki.py makes the good ones, and all certificates.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.x509.oid import ExtendedKeyUsageOID

from skill_endpoint.simulator import pki
from skill_endpoint.simulator.pki import ECHO_API, Issuer, Signer

DAY = timedelta(days=1)


def variants(root: Issuer) -> dict[str, Signer]:
    now = datetime.now(UTC)
    intermediate = pki.new_intermediate(root)
    key = pki.new_key()

    def leaf(issuer: Issuer = intermediate, **changes: Any) -> Signer:
        return pki.new_leaf(issuer, **{"above": (root.certificate,), "key": key, **changes})

    good = leaf()
    stranger = pki.new_root("Another Root")
    ended = pki.new_intermediate(root, key=intermediate.key, begin=now - 400 * DAY, life=399 * DAY)
    alone = pki.make_certificate(ECHO_API, key, None, dns_names=[ECHO_API])
    under_stranger = pki.new_intermediate(stranger, key=intermediate.key)
    return {
        # these two are good all the same
        "several-names": leaf(dns_names=["example.org", ECHO_API]),
        "root-left-out": leaf(above=()),
        # all others are to be refused
        "expired": leaf(begin=now - 400 * DAY, life=399 * DAY),
        "not-yet-valid": leaf(begin=now + DAY),
        "expired-intermediate": leaf(ended),
        "self-signed": Signer((alone,), key),
        "of-another-root": leaf(under_stranger, above=(stranger.certificate,)),
        "without-intermediate": Signer(good.chain[:1], key),
        "of-a-leaf": leaf(Issuer(good.chain[0], good.key), above=good.chain),
        "other-name": leaf(dns_names=["example.org"]),
        "look-alike-name": leaf(dns_names=[f"{ECHO_API}.notamazon.example"]),
        "without-san": leaf(dns_names=None),
        "wildcard-name": leaf(dns_names=["*.amazon.com"]),
        "short-key": leaf(key=pki.new_key(1024)),
        "client-usage": leaf(usages=(ExtendedKeyUsageOID.CLIENT_AUTH,)),
    }
