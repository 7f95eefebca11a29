from __future__ import annotations

from django.apps import apps
from django.db.models import Field, Model

from accounts.models import User
from accounts.personal_data import holdings

# words in a field's name that mean a person, wherever the field stands
PERSONAL = ("email", "phone", "sub", "alexa_user", "person", "address", "user_agent")


def refers_to_a_person(model: type[Model]) -> bool:
    fields = [field for field in model._meta.get_fields() if isinstance(field, Field)]
    return any(
        field.related_model is User or any(word in field.name for word in PERSONAL)
        for field in fields
    )


def test_every_model_that_refers_to_a_person_is_registered() -> None:
    registered = {holding.model for holding in holdings()}
    # without auto_created: rows that join two tables go with their owner
    wanted = {model for model in apps.get_models() if refers_to_a_person(model)}
    assert wanted - registered == set()


def test_every_exported_field_exists() -> None:
    for holding in holdings():
        for name in holding.export:
            holding.model._meta.get_field(name)


def test_the_persons_own_row_comes_last() -> None:
    assert list(holdings())[-1].model is User
