"""What there is in which language, and where each fact comes from."""

from __future__ import annotations

from collections.abc import Iterator

from skill_endpoint.facts.content import ENGLISH, FactContent, TopicContent, languages


def missing(topics: list[TopicContent]) -> Iterator[str]:
    """A line for each topic and language that has some of its texts but not all.

    A region's folder (fr-ca) holds what differs from its language: nothing is missing there.
    """
    for language in languages(topics):
        if "-" in language:
            continue
        for topic in topics:
            without = [fact.slug for fact in topic.facts if language not in fact.texts]
            if without:
                yield f"{language}: {topic.slug} lacks {', '.join(without)}"
            elif language not in topic.names:
                yield f"{language}: {topic.slug} has no name"


def report(topics: list[TopicContent]) -> Iterator[str]:
    """A table of topics by languages, then a line for each fact with its source."""
    columns = languages(topics, named=True)
    width = max(len(topic.names[ENGLISH].name) for topic in topics)
    yield f"{'':{width}}  {'facts':>5}  " + "  ".join(f"{each:>5}" for each in columns)
    for topic in topics:
        yield _row(topic.names[ENGLISH].name, width, list(topic.facts), columns)
    every = [fact for topic in topics for fact in topic.facts]
    yield _row("all", width, every, columns)
    checked = sum(fact.checked_on is not None for fact in every)
    yield f"\n{checked} of {len(every)} facts were compared with a text on the day that they name."
    for topic in topics:
        yield f"\n{topic.names[ENGLISH].name}"
        yield from (f"  {_sourced(fact)}" for fact in topic.facts)


def _row(name: str, width: int, facts: list[FactContent], columns: list[str]) -> str:
    counts = (sum(language in fact.texts for fact in facts) for language in columns)
    return f"{name:{width}}  {len(facts):>5}  " + "  ".join(f"{count:>5}" for count in counts)


def _sourced(fact: FactContent) -> str:
    checked = f"checked {fact.checked_on}" if fact.checked_on else "not checked yet"
    return (
        f"{fact.texts[ENGLISH].headline} · {fact.source_publisher}: {fact.source_title} · "
        f"{fact.source_locator} · {checked}"
    )
