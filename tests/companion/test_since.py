from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from companion.templatetags.facts import since


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=6, hours=23), "6 days ago"),
    ],
)
def test_it_says_how_long_ago(age: timedelta, said: str) -> None:
    assert since(timezone.now() - age - timedelta(milliseconds=1)) == said


def test_it_names_the_day_after_a_week() -> None:
    moment = timezone.now().replace(year=2020, month=3, day=4)
    assert since(moment) == "March 4, 2020"
    with translation.override("de"):
        assert since(moment) == "4. März 2020"
