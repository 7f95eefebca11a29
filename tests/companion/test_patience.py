"""A queue of a worker under more than it can do, with a clock of the test's own."""

from __future__ import annotations

from collections import deque

from companion.patience import HURRIED_SECONDS, LATE_SECONDS, STANDING_SECONDS, Patience


def answered(rates: list[tuple[int, float]], *, capacity: float) -> list[tuple[float, float]]:
    """(when it came, how long it waited) of those worked for; `rates`: (a second, for how long).

    One thread, first come first served. To turn somebody away takes no time.
    """
    patience = Patience()
    now = patience.prompt_at
    begun, at = now, now
    coming: deque[float] = deque()
    for rate, seconds in rates:
        coming.extend(at + n / rate for n in range(int(rate * seconds)))
        at += seconds
    found = []
    while coming:
        came = coming.popleft()
        now = max(now, came)
        if not patience.is_over(now - came, now):
            found.append((came - begun, now - came))
            now += 1 / capacity
    return found


def test_where_more_comes_than_can_be_done_many_are_answered_soon() -> None:
    found = answered([(200, 60)], capacity=100)
    later = [waited for came, waited in found if came > STANDING_SECONDS + LATE_SECONDS]
    # as many as can be, and none of them at the end of anybody's patience
    assert len(later) > 0.9 * 100 * (60 - STANDING_SECONDS - LATE_SECONDS)
    assert max(later) <= HURRIED_SECONDS


def test_after_it_nobody_waits() -> None:
    found = answered([(100, 5), (1000, 10), (70, 30)], capacity=100)
    assert max(waited for came, waited in found if came > 20) < 0.1
    assert len([came for came, _ in found if came >= 20]) == 25 * 70


def test_a_stall_that_ends_costs_nobody_an_answer() -> None:
    """As if there was one request that took five seconds, and then all is well."""
    patience = Patience()
    begun = patience.prompt_at
    assert not patience.is_over(0.0, begun)
    for tenth in range(50):  # came during the stall, and are answered in the half second after it
        assert not patience.is_over(5 - tenth / 10, begun + 5 + tenth / 100)


def test_nobody_is_worked_for_who_has_gone() -> None:
    patience = Patience()
    assert patience.is_over(LATE_SECONDS + 0.1, patience.prompt_at + 1)


def test_a_quiet_night_is_no_queue() -> None:
    patience = Patience()
    night = patience.prompt_at + 8 * 3600
    assert not patience.is_over(0.01, night)
    assert not patience.is_over(HURRIED_SECONDS + 1, night + 2)
