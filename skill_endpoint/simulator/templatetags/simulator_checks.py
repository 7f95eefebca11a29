from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.simple_tag
def checks_by_state(checks: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Faults and then warnings as `broken`, everything else as `kept`."""
    broken = [
        check for state in ("fault", "warning") for check in checks if check["state"] == state
    ]
    return {"broken": broken, "kept": [check for check in checks if check["state"] == "ok"]}
