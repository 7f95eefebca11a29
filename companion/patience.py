"""How long a request may have waited for a thread and is still worked for.

Where more comes than can be done, first come first served answers nobody: the queue grows until
each has waited for as long as anybody does, and whoever is answered has just gone. So while there
is a queue that does not go away, only those who came a moment ago are worked for, and all others
are told at once. It is the controlled delay of https://queue.acm.org/detail.cfm?id=2839461
"""

from __future__ import annotations

import time

# Alexa gives up after 8 s and a visitor not much later
LATE_SECONDS = 7
# A queue that is as old is no stall that ends, as of a database that was away for a moment.
STANDING_SECONDS = 8
HURRIED_SECONDS = 1  # then
PROMPT_SECONDS = 0.1  # who waited for less found no queue


class Patience:
    """Of one queue. Its threads share it, and may be a moment apart: no lock is worth that."""

    def __init__(self) -> None:
        self.prompt_at = time.monotonic()

    def is_over(self, waited: float, now: float) -> bool:
        """For one who gets a thread `now` (time.monotonic) and waited for so many seconds."""
        if waited < PROMPT_SECONDS:
            self.prompt_at = now
        is_standing = now - self.prompt_at > STANDING_SECONDS
        return waited > (HURRIED_SECONDS if is_standing else LATE_SECONDS)
