"""The two templates as data, with CloudFormation's short forms written out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml
from django.conf import settings

FOLDER = settings.BASE_DIR / "deploy" / "aws"
# what the local AWS does not know
UNKNOWN_TYPES = {
    "AWS::EC2::EIP",
    "AWS::EC2::NatGateway",
    "AWS::EC2::VPCPeeringConnection",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::WAFv2::WebACLAssociation",
}
UNKNOWN_PROPERTIES = {"NatGatewayId", "VpcPeeringConnectionId", "Metrics"}

Resource = dict[str, Any]


class Loader(yaml.SafeLoader):
    """!Sub x becomes {"Fn::Sub": x}; dates stay text, as CloudFormation reads them."""


def _long_form(loader: Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    assert isinstance(node, yaml.ScalarNode)
    text = loader.construct_scalar(node)
    return {name: text.split(".", 1) if suffix == "GetAtt" else text}


def _as_text(loader: Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


Loader.add_multi_constructor("!", _long_form)
Loader.add_constructor("tag:yaml.org,2002:timestamp", _as_text)


def read(name: str) -> dict[str, Any]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(text, Loader)  # noqa: S506 - a SafeLoader
    return found


BASE, SITE = read("base.yaml"), read("site.yaml")
RESOURCES: dict[str, Resource] = BASE["Resources"] | SITE["Resources"]
assert len(RESOURCES) == len(BASE["Resources"]) + len(SITE["Resources"])


def of_type(kind: str) -> dict[str, Resource]:
    """Properties by name."""
    found = {
        name: resource.get("Properties", {})
        for name, resource in RESOURCES.items()
        if resource["Type"] == f"AWS::{kind}"
    }
    assert found, kind  # a test over nothing would say nothing
    return found


def properties(name: str) -> Resource:
    found: Resource = RESOURCES[name]["Properties"]
    return found


def imported(name: str) -> dict[str, Any]:
    """What base.yaml exports under a name, as site.yaml asks for it."""
    return {"Fn::ImportValue": {"Fn::Sub": f"${{Base}}-{name}"}}


def both_ways(value: Any) -> list[Any]:
    """The entries of a list, those under an Fn::If included."""
    entries = []
    for entry in value:
        if isinstance(entry, dict) and "Fn::If" in entry:
            entries += [each for each in entry["Fn::If"][1:] if each != {"Ref": "AWS::NoValue"}]
        else:
            entries.append(entry)
    return entries


def inside(value: Any) -> Iterator[Any]:
    """Everything in a value, itself first."""
    yield value
    children = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        for child in children:
            yield from inside(child)


def for_the_local_aws(template: dict[str, Any]) -> tuple[str, set[str]]:
    """The template as JSON without what the local AWS does not know, and what that is."""
    copy = json.loads(json.dumps(template))
    left_out = {
        name
        for name, resource in copy["Resources"].items()
        if resource["Type"] in UNKNOWN_TYPES
        or UNKNOWN_PROPERTIES & set(resource.get("Properties", {}))
    }
    for name in left_out:
        del copy["Resources"][name]
    copy["Outputs"].pop("Peering", None)
    return json.dumps(copy), left_out
