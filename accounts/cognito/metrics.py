from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter

tokens_rejected = Counter(
    "tokens_rejected", "Tokens that did not count, by kind and reason", ["kind", "reason"]
)


@contextmanager
def counting_rejections(kind: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        tokens_rejected.labels(kind, getattr(error, "reason", "error")).inc()
        raise
