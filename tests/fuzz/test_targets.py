"""Each target with the seeds that it begins with, and with what hypothesis makes of them.

New examples in each run, and so many only. One that breaks a promise is kept as a file: play it
again with `make fuzz REPLAY=…`.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import findings, stage
from tests.fuzz.mutation import mutated
from tests.fuzz.stage import Stage
from tests.fuzz.targets import TARGETS

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _stage(db: None) -> Iterator[Stage]:
    with stage.set_up() as made:
        yield made


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_its_promise_holds_for_whatever_comes(name: str) -> None:
    target = TARGETS[name]
    seeds = list(target.seeds())

    @settings(
        max_examples=target.examples,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        seed=st.sampled_from(seeds),
        random=st.randoms(use_true_random=False),
        rounds=st.integers(0, 3),
    )
    def holds(seed: bytes, random: Random, rounds: int) -> None:
        data = seed
        for _ in range(rounds):
            data = mutated(data, random, target.words, seeds)
        with findings.kept(name, data):
            stage.run(target, data)

    for seed in seeds:
        with findings.kept(name, seed):
            stage.run(target, seed)
    holds()
