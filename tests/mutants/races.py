"""What decides between two that do the same at the same moment."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

LINKS = "skill_endpoint/links.py"
T_RACES = "tests/test_races.py"
# the same on PostgreSQL, where they really overlap
T_RACES_THERE = "tests/companion/local/test_services.py::test_the_races_have_one_winner_there_too"

MUTANTS = [
    Mutant(
        "at one moment: first events of an Alexa account queue",
        LINKS,
        'if connection.vendor == "postgresql":',
        "if False:",
        T_RACES_THERE,
        needs_services=True,
    ),
    Mutant(
        "at one moment: the first turns of an Echo make one link",
        LINKS,
        "except IntegrityError:  # another turn of the same device was faster",
        "except ZeroDivisionError:",
        f"{T_RACES}::test_first_turns_of_an_echo_at_once_make_one_link",
    ),
    Mutant(
        "at one moment: an event that comes twice at once counts once",
        LINKS,
        "except IntegrityError:\n            return None",
        "except IntegrityError:\n            raise",
        f"{T_RACES}::test_an_event_that_comes_twice_at_once_counts_once",
    ),
    Mutant(
        "at one moment: a fact that is saved at once is saved once",
        "skill_endpoint/facts/models.py",
        "self.bulk_create([favourite], ignore_conflicts=True)",
        "self.bulk_create([favourite])",
        f"{T_RACES}::test_a_fact_that_is_saved_at_once_is_saved_once",
    ),
]
