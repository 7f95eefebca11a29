"""What can be wrong with one translation, without knowing its language."""

from __future__ import annotations

import gettext
import re
import string
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from xml.parsers import expat

from babel.messages.plurals import get_plural

# https://developer.amazon.com/en-US/docs/alexa/custom-skills/speech-synthesis-markup-language-ssml-reference.html
_AMAZON = {"alexa:name", "amazon:domain", "amazon:effect", "amazon:emotion"}
_GENERAL = {"audio", "break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub"}
TAGS = _AMAZON | _GENERAL | {"voice", "w"}
# closing marks that may follow the end of a question
_QUESTION = re.compile(r"[?؟？][\"'”’»」』)]*$")
_PERCENT = re.compile(r"%\(\w+\)[#0 +-]*\d*(?:\.\d+)?[a-zA-Z]")
# numbers that tell every language's plural forms apart
_NUMBERS = (*range(1001), 10**6)


def faults_of(
    source: tuple[str, ...], translated: tuple[str, ...], language: str, *, is_speech: bool
) -> Iterator[str]:
    """One sentence: (itself,) or (singular, plural); translated: one string a plural form."""
    is_plural = len(source) > 1
    if is_plural and len(translated) != get_plural(language).num_plurals:
        yield f"{len(translated)} plural forms, not {get_plural(language).num_plurals}"
        return
    for form, said in enumerate(translated):
        where = f" in form {form}" if is_plural else ""
        may_omit_count = is_plural and form in forms_of_one_number(language)
        differing = list(_differing(source, said, may_omit_count=may_omit_count))
        yield from (fault + where for fault in differing)
        if is_speech and not differing and (broken := _broken_markup(said)):
            yield broken + where
        # what only stands between words ends as each script does: ", " is "、" in Japanese
        if any(map(str.isalpha, source[-1])) and _margins(source[-1]) != _margins(said):
            yield f"starts or ends with other white space{where}"
        # Alexa has to end in a question where it listens; a page only quotes what people ask
        is_question = is_speech and _QUESTION.search(source[-1].rstrip())
        if is_question and not _QUESTION.search(said.rstrip()):
            yield f"no longer a question{where}"


@cache
def forms_of_one_number(language: str) -> frozenset[int]:
    """Plural forms that are only ever said of one number, such as German's of 1, Arabic's of 2.

    There the words can say the number themselves, so {count} may be left out. French says the
    same form of 0 and of 1: it needs the number.
    """
    form_of = gettext.c2py(get_plural(language).plural_expr)
    numbers = defaultdict(set)
    for number in _NUMBERS:
        numbers[form_of(number)].add(number)
    return frozenset(form for form, said_of in numbers.items() if len(said_of) == 1)


def _differing(source: tuple[str, ...], said: str, *, may_omit_count: bool) -> Iterator[str]:
    """Placeholders of two kinds: {name} and %(name)s."""
    for named_in in (_braced, _percented):
        of_each = [named_in(sentence) for sentence in source]
        of_said = named_in(said)
        if any(names is None for names in of_each):
            continue  # not a sentence for format()
        if of_said is None:
            yield "braces that format() cannot read"
            continue
        allowed = {name for names in of_each if names for name in names}
        needed = set(of_each[-1] or ())
        if may_omit_count:
            needed -= _count(of_each[0] or [], of_each[-1] or [])
        yield from (f"lacks {name}" for name in sorted(needed - set(of_said)))
        yield from (f"has an unknown {name}" for name in sorted(set(of_said) - allowed))


def _count(singular: list[str], plural: list[str]) -> set[str]:
    """The placeholder of the number: what the singular leaves out, else the plural's first."""
    return set(plural) - set(singular) or set(plural[:1])


def _braced(sentence: str) -> list[str] | None:
    """The {placeholders} as written, in order; None where format() would raise."""
    try:
        parts = list(string.Formatter().parse(sentence))
    except ValueError:
        return None
    return [
        f"{{{name}{'!' + conversion if conversion else ''}{':' + spec if spec else ''}}}"
        for _, name, spec, conversion in parts
        if name is not None
    ]


def _percented(sentence: str) -> list[str] | None:
    return _PERCENT.findall(sentence.replace("%%", ""))


def _broken_markup(said: str) -> str:
    """Why Alexa would refuse it, or nothing. The placeholders are filled with a word."""
    filled = "".join(
        text + ("word" if name is not None else "")
        for text, name, _, _ in string.Formatter().parse(said)
    )
    opened: list[str] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, _attributes: opened.append(tag)
    try:
        parser.Parse(f"<speak>{filled}</speak>", True)
    except expat.ExpatError as error:
        return f"not well-formed ({expat.ErrorString(error.code)})"
    unknown = [tag for tag in opened[1:] if tag not in TAGS]
    return f"Alexa has no <{unknown[0]}> there" if unknown else ""


def _margins(sentence: str) -> tuple[str, str]:
    bare = sentence.strip()
    start = sentence.index(bare)
    return sentence[:start], sentence[start + len(bare) :]
