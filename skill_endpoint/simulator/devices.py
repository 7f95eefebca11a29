"""The devices that the simulator can be, and what Alexa says of each in a request.

https://developer.amazon.com/en-US/docs/alexa/alexa-presentation-language/
apl-viewport-characteristics.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

APL = "Alexa.Presentation.APL"
_APL_VERSION = "2024.3"
_VIDEO = {"codecs": ["H_264_42", "H_264_41"]}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of device. One without a screen has no pixels."""

    name: str
    width: int = 0  # pixels, at 160 dots an inch
    height: int = 0

    @property
    def interfaces(self) -> dict[str, Any]:
        """What stands in `supportedInterfaces`."""
        return {APL: {"runtime": {"maxVersion": _APL_VERSION}}} if self.width else {}

    @property
    def context(self) -> dict[str, Any]:
        """What stands in `context` beside `System`."""
        if not self.width:
            return {}
        viewport = {
            "experiences": [{"canRotate": False, "canResize": False}],
            "mode": "HUB",
            "shape": "RECTANGLE",
            "pixelWidth": self.width,
            "pixelHeight": self.height,
            "dpi": 160,
            "currentPixelWidth": self.width,
            "currentPixelHeight": self.height,
            "touch": ["SINGLE"],
            "keyboard": [],
            "video": _VIDEO,
        }
        main = {
            "type": "APL",
            "id": "main",
            "shape": "RECTANGLE",
            "dpi": 160,
            "presentationType": "STANDARD",
            "canRotate": False,
            "configuration": {
                "current": {
                    "mode": "HUB",
                    "video": _VIDEO,
                    "size": {
                        "type": "DISCRETE",
                        "pixelWidth": self.width,
                        "pixelHeight": self.height,
                    },
                }
            },
        }
        return {"Viewport": viewport, "Viewports": [main]}


ECHO = "echo"
KINDS = {
    ECHO: Kind(name="Echo"),
    "show-5": Kind(name="Echo Show 5", width=960, height=480),
    "show-15": Kind(name="Echo Show 15", width=1920, height=1080),
}


def kind_of(device: str) -> Kind:
    """A household's file may name one of another version: that is an Echo."""
    return KINDS.get(device, KINDS[ECHO])
