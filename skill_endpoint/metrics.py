"""Counters of the voice door; docs/monitoring.md says what each means."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

alexa_requests_rejected = Counter(
    "alexa_requests_rejected", "Requests that were refused, by reason", ["reason"]
)
alexa_replay_store_failures = Counter(
    "alexa_replay_store_failures", "Requests let through because the replay store did not answer"
)
alexa_turns = Counter(
    "alexa_turns",
    "Verified requests, by type, intent, locale and how they ended",
    ["type", "intent", "locale", "outcome"],
)
# a turn takes milliseconds, and Alexa waits eight seconds
TURN_SECONDS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.25, 0.5, 1, 2, 4, 8)
alexa_turn_seconds = Histogram(
    "alexa_turn_seconds",
    "Time of a verified request from its arrival to its answer",
    ["type"],
    buckets=TURN_SECONDS,
)
certificate_chain_lookups = Counter(
    "certificate_chain_lookups",
    "Looks at the kept certificate chains: known, to be fetched, or failed a moment ago",
    ["result"],
)
voice_tokens_refused = Counter(
    "voice_tokens_refused", "Turns whose access token did not count, by reason", ["reason"]
)
chain_known = certificate_chain_lookups.labels("hit")
chain_not_known = certificate_chain_lookups.labels("miss")
chain_failed = certificate_chain_lookups.labels("failed_before")
