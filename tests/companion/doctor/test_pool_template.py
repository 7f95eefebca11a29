"""The template as plain values, and what differs from them."""

from __future__ import annotations

from companion.doctor.pool_template import UNKNOWN, Template, differences

PARAMETERS = {
    "VendorId": "MVENDOR",
    "LinkCallbackUrls": "https://a.example/x,https://a.example/y",
    "WebLogoutUrls": "https://a.example/",
}


def test_joined_and_split_lists_are_lists() -> None:
    assert Template(PARAMETERS).properties("AlexaClient")["CallbackURLs"] == [
        "https://pitangui.amazon.com/api/skill/link/MVENDOR",
        "https://layla.amazon.com/api/skill/link/MVENDOR",
        "https://alexa.amazon.co.jp/api/skill/link/MVENDOR",
        "https://a.example/x",
        "https://a.example/y",
    ]


def test_what_nobody_said_is_unknown() -> None:
    template = Template({})
    assert template.properties("AlexaClient")["CallbackURLs"] is UNKNOWN
    assert template.properties("WebClient")["LogoutURLs"] is UNKNOWN
    assert template.properties("WebClient")["UserPoolId"] is UNKNOWN
    assert template.properties("WebClient")["AllowedOAuthFlows"] == ["code"]


def test_it_finds_resources_by_type() -> None:
    template = Template(PARAMETERS)
    names = list(template.of_type("AWS::Cognito::UserPoolGroup"))
    groups = [template.properties(name)["GroupName"] for name in names]
    assert groups == ["operators", "administrators"]


def test_differences_name_the_path_and_both_values() -> None:
    wanted = {"A": {"B": [1, 2]}, "C": True, "D": UNKNOWN, "E": 60}
    found = {"A": {"B": [2, 1], "more": 1}, "C": "true", "E": "60"}
    assert list(differences(wanted, found)) == []
    assert list(differences(wanted, {"A": {"B": [2]}, "C": False, "E": 60})) == [
        ("A.B", [1, 2], [2]),
        ("C", True, False),
    ]
    assert list(differences({"A": {"B": 1}}, {})) == [("A.B", 1, None)]
