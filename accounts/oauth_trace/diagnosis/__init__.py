"""What went wrong with a linking, and where to mend it: pure rules over a trace.

`diagnose(trace, wanted)` asks every rule (rule.py); the rules stand in a module for each stage.
"""

from __future__ import annotations

from accounts.oauth_trace.diagnosis import (  # the rules register themselves, in this order
    r0_arrival,
    r1_authorize,
    r1_client,
    r1_pool_answer,
    r1_redirect_uri,
    r1_scope,
    r2_callback,
    r2_silence,
    r3_token,
    r3_token_answer,
    r3_token_client,
    r3_token_contents,
    r3_token_grant,
    r3_token_match,
    r4_refresh,
    r4_refresh_outlook,
    r5_skill,
)
from accounts.oauth_trace.diagnosis.rule import Evidence, Finding, Level, Rule, diagnose, rules

__all__ = [
    "Evidence",
    "Finding",
    "Level",
    "Rule",
    "diagnose",
    "r0_arrival",
    "r1_authorize",
    "r1_client",
    "r1_pool_answer",
    "r1_redirect_uri",
    "r1_scope",
    "r2_callback",
    "r2_silence",
    "r3_token",
    "r3_token_answer",
    "r3_token_client",
    "r3_token_contents",
    "r3_token_grant",
    "r3_token_match",
    "r4_refresh",
    "r4_refresh_outlook",
    "r5_skill",
    "rules",
]
