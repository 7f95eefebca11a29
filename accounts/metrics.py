"""Counters of what both doors share; docs/monitoring.md says what each means.

A label's value is a word of ours, never a text from outside: each value is kept for ever.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

import requests
from prometheus_client import Counter, Gauge, Histogram

from accounts import spans

# up to what Alexa waits for; what takes longer counts in +Inf
_OUTBOUND_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


class Service(StrEnum):
    """Whom we call."""

    CHAINS = "certificate_chain"  # Amazon S3, where Alexa's certificate chains are
    KEYS = "key_set"  # the pool's JSON Web Key Set
    TOKEN = "token"  # noqa: S105 - the pool's token endpoint, for the website's sign-in
    TOKEN_FRONT = "token_front"  # noqa: S105 - the same, for Alexa, through our front
    POOL_API = "pool_api"  # Cognito's API, for operators and deleted accounts


class Stage(StrEnum):
    """The way of an account linking, in its order, and how it ends."""

    AUTHORIZE = "authorize"
    SIGNED_IN = "signed_in"
    TOKEN = "token"  # noqa: S105 - the name of a stage
    LINKED = "linked"
    FIRST_TURN = "first_turn"
    UNLINKED = "unlinked"
    DISABLED = "disabled"


outbound_request_seconds = Histogram(
    "outbound_request_seconds",
    "Calls to other services, by service and result",
    ["service", "result"],
    buckets=_OUTBOUND_BUCKETS,
)
# of several workers the one that has waited for longest: its keys are the oldest
outbound_last_success = Gauge(
    "outbound_last_success_timestamp_seconds",
    "When a call to a service went well last, in seconds since 1970",
    ["service"],
    multiprocess_mode="livemin",
)
rate_limit_refusals = Counter(
    "rate_limit_refusals", "Requests over a rate limit, by the limit", ["scope"]
)
shared_cache_failures = Counter(
    "shared_cache_failures", "Times that the cache did not answer, by what it was for", ["purpose"]
)
account_linking_stages = Counter(
    "account_linking_stages", "Account linkings that came to a stage", ["stage"]
)


def count_stage(stage: Stage) -> None:
    account_linking_stages.labels(stage.value).inc()


@contextmanager
def outbound(service: Service) -> Iterator[None]:
    """Around a call: how long it took, and what came of it. What it raises goes on."""
    begun, result = time.perf_counter(), "ok"
    try:
        with spans.span(f"call {service.value}"):
            yield
    except Exception as error:
        result = _result(error)
        raise
    finally:
        note_outbound(service, result, time.perf_counter() - begun)


def note_outbound(service: Service, result: str, seconds: float) -> None:
    """`result` is a word of ours: ok, timeout, unreachable, bad_answer, or of forward.Answer."""
    outbound_request_seconds.labels(service.value, result).observe(seconds)
    if result == "ok":
        outbound_last_success.labels(service.value).set_to_current_time()


def _result(error: BaseException) -> str:
    """Of a call that raised; callers turn the library's errors into their own."""
    for each in (error, error.__cause__):
        if isinstance(each, requests.Timeout):
            return "timeout"
        if isinstance(each, requests.ConnectionError):
            return "unreachable"
    return "bad_answer"
