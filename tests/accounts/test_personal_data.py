"""Whatever refers to a person is exported, or says why not, and goes with them."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db.models import Field, Model
from django.utils import translation

from accounts.models import User
from accounts.personal_data import counts_of, holdings, register, shown_holdings

# words in a field's name that mean a person, wherever the field stands
PERSONAL = ("email", "phone", "sub", "alexa_user", "person", "address", "user_agent")


def fields_of(model: type[Model]) -> list[Field[object, object]]:
    return [field for field in model._meta.get_fields() if isinstance(field, Field)]


def models_of_people() -> set[type[Model]]:
    """Models that refer to a person: by a key, through another such model, or by a name.

    Without rows that only join two tables: they go with their owner.
    """
    models: set[type[Model]] = set(apps.get_models())
    named: set[type[Model]] = {
        model
        for model in models
        if any(word in field.name for field in fields_of(model) for word in PERSONAL)
    }
    found: set[type[Model]] = {User, *named}
    while more := {model for model in models - found if keys_to(model, found)}:
        found |= more
    return found


def keys_to(model: type[Model], people: set[type[Model]]) -> bool:
    return any(field.related_model in people for field in fields_of(model))


def test_every_model_that_refers_to_a_person_is_registered() -> None:
    registered = {holding.model for holding in holdings()}
    assert models_of_people() - registered == set()


def test_the_walk_also_finds_what_refers_to_a_person_through_another_model() -> None:
    names = {model.__name__ for model in models_of_people()}
    assert {"Profile", "SocialToken", "DataExportPart", "SkillEvent", "LogEntry"} <= names
    assert not {"Fact", "FactText", "Topic"} & names


@pytest.mark.django_db
def test_what_is_held_by_a_key_is_erased(linked: User) -> None:
    """Rows that a key leads to are found, and not by a query that can find nothing."""
    held = {holding.model: holding for holding in holdings()}
    empty = [
        model.__name__
        for model in models_of_people()
        if keys_to(model, models_of_people()) and held[model].rows_of(linked).query.is_empty()
    ]
    assert empty == []


def test_every_holding_is_exported_or_says_why_not() -> None:
    for holding in holdings():
        if holding.export:
            assert holding.label
            assert holding.why
            assert holding.kept
        else:
            assert len(holding.withheld) > 20, holding.model
    with pytest.raises(ValueError, match="withheld"):
        register(User, lambda user: User.objects.none())
    with pytest.raises(ValueError, match="label"):
        register(User, lambda user: User.objects.none(), export=("sub",))


def test_every_moment_that_a_person_has_is_exported() -> None:
    """A date added to a model is part of the story: AccountLink once lacked three."""
    for holding in shown_holdings():
        if holding.model.__module__.startswith(("accounts.", "skill_endpoint.")):
            moments = {field.name for field in fields_of(holding.model) if "_at" in field.name}
            assert moments - {"claimed_at"} <= set(holding.export), holding.model


def test_every_exported_field_exists() -> None:
    for holding in holdings():
        for name in (*holding.export, *holding.references, *holding.headings):
            holding.model._meta.get_field(name)
        for name, value in holding.detach.items():
            field = holding.model._meta.get_field(name)
            assert field.null if value is None else getattr(field, "blank", False)


def test_words_are_translated_when_they_are_read() -> None:
    for holding in shown_holdings():
        for words in (holding.label, holding.why, holding.kept):
            assert not isinstance(words, str), f"{holding.model}: gettext_lazy"
    with translation.override("de"):
        assert str(shown_holdings()[0].label)


def test_the_persons_own_row_comes_last() -> None:
    assert list(holdings())[-1].model is User


@pytest.mark.django_db
def test_all_are_counted_at_once(linked: User, stranger: User) -> None:
    counts = {holding.name: count for holding, count in counts_of(linked).items()}
    assert (counts["user"], counts["profile"], counts["hearing"]) == (1, 1, 0)
