from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter

tokens_rejected = Counter(
    "tokens_rejected", "Tokens that did not count, by kind and reason", ["kind", "reason"]
)
remembered_token_lookups = Counter(
    "remembered_token_lookups", "Access tokens that were known as verified, or not", ["result"]
)
key_set_lookups = Counter(
    "key_set_lookups", "Looks at the pool's key set: known at once, or not", ["result"]
)
# looked up once: both are asked for in each turn
token_known = remembered_token_lookups.labels("hit")
token_not_known = remembered_token_lookups.labels("miss")
key_known = key_set_lookups.labels("hit")
key_not_known = key_set_lookups.labels("miss")


@contextmanager
def counting_rejections(kind: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        tokens_rejected.labels(kind, getattr(error, "reason", "error")).inc()
        raise
