"""What accounts/pool/template.yaml wants of each resource, as plain values.

Only the functions that it uses are known. What depends on another resource, or on a parameter that
nobody has said, is UNKNOWN and compared with nothing.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from accounts.pool.deploy import TEMPLATE


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()
_PLACE = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True)
class _Call:
    """A short form like `!Ref Pool`."""

    name: str
    argument: Any


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


def _call(loader: _Loader, suffix: str, node: yaml.Node) -> _Call:
    if isinstance(node, yaml.SequenceNode):
        return _Call(suffix, loader.construct_sequence(node, deep=True))
    if isinstance(node, yaml.ScalarNode):
        return _Call(suffix, loader.construct_scalar(node))
    raise yaml.constructor.ConstructorError(None, None, f"!{suffix}", node.start_mark)


_Loader.add_multi_constructor("!", _call)


class Template:
    """The template with these parameters."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        # safe: a subclass of SafeLoader, on a file of ours
        document = yaml.load(TEMPLATE.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
        self._resources: dict[str, Any] = document["Resources"]
        self._values: dict[str, Any] = {
            name: _typed(parameters[name], kind["Type"]) if name in parameters else UNKNOWN
            for name, kind in document["Parameters"].items()
        }

    def properties(self, resource: str) -> dict[str, Any]:
        """Property to value, or to UNKNOWN where that depends on what we do not know."""
        found = self._resources[resource]["Properties"]
        return {name: self._value(value) for name, value in found.items()}

    def of_type(self, kind: str) -> Iterator[str]:
        """Names of the resources of a type: AWS::Cognito::UserPoolGroup."""
        for name, resource in self._resources.items():
            if resource["Type"] == kind:
                yield name

    def _value(self, node: Any) -> Any:
        if isinstance(node, _Call):
            return self._called(node)
        if isinstance(node, dict):
            return {name: self._value(value) for name, value in node.items()}
        if isinstance(node, list):
            values = [self._value(value) for value in node]
            return UNKNOWN if UNKNOWN in values else values
        return node

    def _called(self, call: _Call) -> Any:
        argument = self._value(call.argument)
        if argument is UNKNOWN:
            return UNKNOWN
        if call.name == "Ref":
            return self._values.get(argument, UNKNOWN)
        if call.name == "Sub":
            return self._filled(argument)
        if call.name == "Join":
            return argument[0].join(argument[1])
        if call.name == "Split":
            return argument[1].split(argument[0])
        return UNKNOWN

    def _filled(self, text: str) -> Any:
        values = {name: self._values.get(name, UNKNOWN) for name in _PLACE.findall(text)}
        if UNKNOWN in values.values():
            return UNKNOWN
        return _PLACE.sub(lambda match: str(values[match[1]]), text)


def _typed(value: str, kind: str) -> Any:
    return value.split(",") if kind == "CommaDelimitedList" else value


def differences(wanted: Any, found: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(path, wanted, found) where the found one is not as wanted; what is found beside is fine.

    The order of a list has no meaning in any property of the template.
    """
    if wanted is UNKNOWN:
        return
    if isinstance(wanted, dict):
        held = found if isinstance(found, dict) else {}
        for name, value in wanted.items():
            yield from differences(value, held.get(name), f"{path}.{name}" if path else name)
    elif isinstance(wanted, list):
        if _sorted(wanted) != _sorted(found or []):
            yield path, wanted, found
    # CloudFormation's numbers and booleans may come back as words
    elif str(wanted).lower() != str(found).lower():
        yield path, wanted, found


def _sorted(values: Any) -> list[str]:
    return sorted(map(_plain, values)) if isinstance(values, list) else [str(values)]


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return str(sorted((name, _plain(each)) for name, each in value.items()))
    return str(value)
