"""What can be reached from where, by the text of the templates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deploy_aws.templates import (
    BASE,
    RESOURCES,
    SITE,
    both_ways,
    imported,
    inside,
    of_type,
    properties,
)

EVERYBODY = ["0.0.0.0/0", "::/0"]
GROUPS = of_type("EC2::SecurityGroup")
PROCESSES = {"SourceSecurityGroupId": {"Ref": "TaskGroup"}}
OTHER_REGION = {"CidrIp": {"Ref": "PeerCidr"}}


def sources(group: str) -> list[dict[str, Any]]:
    """Who may come in and to which ports, without the words."""
    return [
        {key: value for key, value in rule.items() if key != "Description"}
        for rule in both_ways(GROUPS[group]["SecurityGroupIngress"])
    ]


def tcp(port: int, source: dict[str, Any]) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **source}


def test_the_world_reaches_two_ports_of_the_balancer_and_nothing_else() -> None:
    everybody = {"CidrIp": "0.0.0.0/0"}
    assert sources("BalancerGroup") == [tcp(443, everybody), tcp(80, everybody)]
    for name in set(GROUPS) - {"BalancerGroup"}:
        assert not [text for text in inside(sources(name)) if text in EVERYBODY], name


def test_the_processes_are_reached_by_the_balancer_only() -> None:
    balancer = {"SourceSecurityGroupId": {"Ref": "BalancerGroup"}}
    assert sources("TaskGroup") == [tcp(8000, balancer)]


def test_database_and_cache_are_reached_by_the_processes_only() -> None:
    assert sources("DatabaseGroup") == [tcp(5432, PROCESSES), tcp(5432, OTHER_REGION)]
    assert sources("CacheGroup") == [tcp(6379, PROCESSES)]


def test_the_other_region_comes_in_only_where_there_is_one() -> None:
    [rule] = [
        rule["Fn::If"]
        for rule in GROUPS["DatabaseGroup"]["SecurityGroupIngress"]
        if "Fn::If" in rule
    ]
    assert rule[0] == "HasPeerCidr"
    assert rule[2] == {"Ref": "AWS::NoValue"}
    assert BASE["Parameters"]["PeerCidr"]["Default"] == ""


def test_no_group_is_opened_elsewhere() -> None:
    """Rules stand in the groups: a resource of its own would be read by none of these tests."""
    kinds = {resource["Type"].removeprefix("AWS::EC2::") for resource in RESOURCES.values()}
    assert {kind for kind in kinds if kind.startswith("SecurityGroup")} == {"SecurityGroup"}
    for name, group in GROUPS.items():
        assert {"GroupDescription", "VpcId", "SecurityGroupIngress", "SecurityGroupEgress"} == set(
            group
        ), name


def test_database_and_cache_begin_no_connection() -> None:
    for name in ("DatabaseGroup", "CacheGroup"):
        [rule] = GROUPS[name]["SecurityGroupEgress"]
        assert (rule["IpProtocol"], rule["CidrIp"]) == ("icmp", "255.255.255.255/32")


def test_the_processes_speak_to_the_world_by_https_only() -> None:
    outside = [
        rule
        for rule in both_ways(GROUPS["TaskGroup"]["SecurityGroupEgress"])
        if rule["CidrIp"] in EVERYBODY
    ]
    assert [(rule["FromPort"], rule["ToPort"]) for rule in outside] == [(443, 443)]


def test_nothing_gets_a_public_address_but_the_balancer() -> None:
    for name, subnet in of_type("EC2::Subnet").items():
        assert subnet["MapPublicIpOnLaunch"] is False, name
    networks = [
        value["AwsvpcConfiguration"]
        for value in inside(SITE["Resources"])
        if isinstance(value, dict) and "AwsvpcConfiguration" in value
    ]
    assert len(networks) == 2  # the service and the hourly job
    for network in networks:
        assert network["AssignPublicIp"] == "DISABLED"
        assert network["Subnets"] == {"Fn::Split": [",", imported("PrivateSubnets")]}
        assert network["SecurityGroups"] == [imported("TaskGroup")]
    assert "assignPublicIp=DISABLED" in BASE["Outputs"]["JobNetwork"]["Value"]["Fn::Sub"]


@pytest.mark.parametrize("name", ["Database", "Replica"])
def test_the_database_has_no_address_outside(name: str) -> None:
    assert properties(name)["PubliclyAccessible"] is False
    assert properties(name)["DBSubnetGroupName"] == {"Ref": "DatabaseSubnets"}
    assert properties(name)["VPCSecurityGroups"] == [{"Ref": "DatabaseGroup"}]


def test_data_subnets_have_no_way_to_the_internet() -> None:
    data = [{"Ref": "DataA"}, {"Ref": "DataB"}]
    assert properties("DatabaseSubnets")["SubnetIds"] == data
    assert properties("CacheSubnets")["SubnetIds"] == data
    tables = {
        str(link["SubnetId"]): link["RouteTableId"]
        for link in of_type("EC2::SubnetRouteTableAssociation").values()
    }
    assert [tables[str(subnet)] for subnet in data] == [{"Ref": "DataRoutes"}] * 2
    ways = [
        route
        for route in of_type("EC2::Route").values()
        if route["RouteTableId"] == {"Ref": "DataRoutes"}
    ]
    assert [way["DestinationCidrBlock"] for way in ways] == [{"Ref": "PeerCidr"}]


def test_only_public_subnets_have_a_gateway_to_the_internet() -> None:
    open_tables = [
        route["RouteTableId"] for route in of_type("EC2::Route").values() if "GatewayId" in route
    ]
    assert open_tables == [{"Ref": "PublicRoutes"}]
    users = [
        link["SubnetId"]["Ref"]
        for link in of_type("EC2::SubnetRouteTableAssociation").values()
        if link["RouteTableId"] == {"Ref": "PublicRoutes"}
    ]
    assert users == ["PublicA", "PublicB"]


def test_plain_http_is_only_sent_to_https_of_this_site() -> None:
    [action] = properties("Http")["DefaultActions"]
    assert action["Type"] == "redirect"
    assert action["RedirectConfig"] == {
        "Protocol": "HTTPS",
        "Port": "443",
        "Host": {"Ref": "PublicHost"},
        "StatusCode": "HTTP_301",
    }
    listeners = of_type("ElasticLoadBalancingV2::Listener").values()
    assert {listener["Port"] for listener in listeners} == {80, 443}


def test_old_tls_is_refused() -> None:
    assert properties("Https")["Protocol"] == "HTTPS"
    assert properties("Https")["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"


def test_another_host_name_reaches_no_process() -> None:
    [default] = properties("Https")["DefaultActions"]
    assert default["Type"] == "fixed-response"
    forwarding = {
        name: rule
        for name, rule in of_type("ElasticLoadBalancingV2::ListenerRule").items()
        if any(action["Type"] == "forward" for action in rule["Actions"])
    }
    assert list(forwarding) == ["Ours"]
    [condition] = forwarding["Ours"]["Conditions"]
    assert condition["Field"] == "host-header"
    names = [text for text in inside(condition) if isinstance(text, str)]
    assert {"PublicHost", "RegionHost"} <= set(names)
    assert not [text for text in names if "*" in text]


def test_probes_and_counters_are_not_for_the_world() -> None:
    inner, ours = properties("Inside"), properties("Ours")
    [condition] = inner["Conditions"]
    assert condition["PathPatternConfig"]["Values"] == ["/healthz", "/readyz", "/metrics"]
    assert [action["Type"] for action in inner["Actions"]] == ["fixed-response"]
    assert inner["Priority"] < ours["Priority"]


def attributes(name: str, key: str) -> dict[str, str]:
    return {pair["Key"]: pair["Value"] for pair in properties(name)[key]}


def test_the_balancer_passes_on_no_header_that_two_servers_read_differently() -> None:
    set_to = attributes("Balancer", "LoadBalancerAttributes")
    assert set_to["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert set_to["routing.http.desync_mitigation_mode"] == "strictest"
    assert set_to["routing.http.xff_header_processing.mode"] == "append"


def test_no_code_of_a_sign_in_gets_into_a_log_of_amazons() -> None:
    """Access logs and samples of the firewall hold whole addresses, queries included."""
    assert attributes("Balancer", "LoadBalancerAttributes")["access_logs.s3.enabled"] == "false"
    seen = [
        value["SampledRequestsEnabled"]
        for value in inside(properties("Firewall"))
        if isinstance(value, dict) and "SampledRequestsEnabled" in value
    ]
    assert seen == [False, False, False]
    assert "AWS::WAFv2::LoggingConfiguration" not in {r["Type"] for r in RESOURCES.values()}


def test_the_firewall_leaves_alexa_alone() -> None:
    for rule in properties("Firewall")["Rules"]:
        paths = [
            value["SearchString"]
            for value in inside(rule)
            if isinstance(value, dict) and "SearchString" in value
        ]
        assert paths == ["/alexa/", "/oauth/token"], rule["Name"]
        assert any(isinstance(v, dict) and "NotStatement" in v for v in inside(rule))


def test_nobody_opens_a_shell_in_a_process() -> None:
    assert properties("Service")["EnableExecuteCommand"] is False


def test_the_endpoint_of_s3_leads_to_two_buckets_that_are_read() -> None:
    [statement] = properties("S3Endpoint")["PolicyDocument"]["Statement"]
    assert statement["Action"] == "s3:GetObject"
    assert [each["Fn::Sub"].split(":::")[1] for each in statement["Resource"]] == [
        "prod-${AWS::Region}-starport-layer-bucket/*",
        "echo.api/*",
    ]
