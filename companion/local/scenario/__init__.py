"""One person through both doors, over HTTP alone: the steps of `make smoke`, in their order.

No step imports a model: what holds is what the site, the skill and the pool answer. Only the last
one looks into the database's file, for what must not be there.
"""

from __future__ import annotations

from companion.local.scenario import (
    coming_and_going,
    defences,
    leaks,
    linking_failures,
    two_doors,
    voices,
)
from companion.local.scenario.stage import Step

FIRST_START: tuple[Step, ...] = (
    *two_doors.STEPS,
    *voices.STEPS,
    *defences.STEPS,
    *linking_failures.STEPS,
    *coming_and_going.STEPS,
    *leaks.STEPS,
)
SECOND_START: tuple[Step, ...] = coming_and_going.AFTER_RESTART
