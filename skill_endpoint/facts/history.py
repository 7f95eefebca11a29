"""What a fact with its texts, or a topic, said before: kept at each change, compared, put back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import batched

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from skill_endpoint.facts.models import Fact, FactText, Topic, Version
from skill_endpoint.facts.snapshot import FACT, TEXT, TOPIC, Table, fact_content, topic_content

BATCH = 500  # rows a statement


def content_of(row: Fact | Topic) -> Table:
    """All that operators may change of a row, as JSON takes it."""
    if isinstance(row, Fact):
        content = {"slug": row.slug, **fact_content(row), "is_published": row.is_published}
    else:
        content = {"slug": row.slug, **topic_content(row)}
    plain: Table = json.loads(json.dumps(content, default=str))
    return plain


def fingerprint(content: Table) -> str:
    """To notice that a row was changed between a page and its button."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def keep[Row: (Fact, Topic)](rows: Sequence[Row], how: Version.How, by: User | None = None) -> int:
    """A version of each row that says something else than its last one; how many these are.

    Two statements for 500 rows.
    """
    kept = 0
    for some in batched(rows, BATCH):
        latest = _latest(some)
        versions = [
            Version(**{_key(row): row}, content=content, how=how, by=by)
            for row in some
            if (content := content_of(row)) != latest.get(row.pk)
        ]
        kept += len(Version.objects.bulk_create(versions))
    return kept


@contextmanager
def recorded[Row: (Fact, Topic)](
    rows: QuerySet[Row], how: Version.How, by: User | None
) -> Iterator[None]:
    """Around a change of these rows, in one transaction: what was there, and what is there now.

    They are chosen by what the change leaves alone, and read before and after it.
    """
    with transaction.atomic():
        keep(list(rows.all()), Version.How.FOUND)
        yield
        keep(list(rows.all()), how, by)


def put_back(version: Version, by: User) -> None:
    """Make the fact or topic what it was; ValidationError says why that cannot be any more."""
    row = version.fact or version.topic
    if row is None:  # the table's own constraint
        raise TypeError("a version is one of a fact or of a topic")
    how = Version.How.REVERTED
    if isinstance(row, Fact):
        with recorded(Fact.objects.with_text().filter(pk=row.pk), how, by):
            _put_fact_back(row, version.content)
    else:
        with recorded(Topic.objects.filter(pk=row.pk), how, by):
            _put_topic_back(row, version.content)


def _put_topic_back(topic: Topic, content: Table) -> None:
    for name in ("slug", *TOPIC):
        setattr(topic, name, content[name])
    topic.full_clean()
    topic.save()


def _put_fact_back(fact: Fact, content: Table) -> None:
    topic = Topic.objects.filter(slug=content["topic"]).first()
    if topic is None:
        raise ValidationError(
            _("The topic “%(topic)s” of that version is gone."), params={"topic": content["topic"]}
        )
    for name in ("slug", "is_published", *FACT):
        setattr(fact, name, content[name])
    fact.topic = topic
    fact.full_clean()  # makes a date of the day as well
    fact.save()
    present = {text.language: text for text in fact.texts.all()}
    for language, told in content["texts"].items():
        text = present.pop(language, None) or FactText(fact=fact, language=language)
        for name in TEXT:
            setattr(text, name, told[name])
        text.full_clean()
        text.save()
    FactText.objects.filter(pk__in=[text.pk for text in present.values()]).delete()


def last_of(facts: Sequence[Fact]) -> dict[int, Version]:
    """The last version of each, by the fact's key, where there is one; one statement."""
    last = Version.objects.filter(fact__in=facts).order_by().values("fact").annotate(Max("pk"))
    versions = Version.objects.select_related("by__profile").filter(pk__in=last.values("pk__max"))
    return {version.fact_id: version for version in versions if version.fact_id}


def _key(row: Fact | Topic) -> str:
    return "fact" if isinstance(row, Fact) else "topic"


def _latest[Row: (Fact, Topic)](rows: Sequence[Row]) -> dict[int, Table]:
    """What the last version of each says, by the row's key."""
    key = _key(rows[0])
    of_these = Version.objects.filter(Q((f"{key}__in", rows)))
    last = of_these.order_by().values(key).annotate(last=Max("pk")).values("last")
    return dict(Version.objects.filter(pk__in=last).values_list(f"{key}_id", "content"))
