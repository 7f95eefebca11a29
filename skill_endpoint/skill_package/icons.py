"""Find the two icons among the site's static files, if it has them."""

from __future__ import annotations

from pathlib import Path

from django.contrib.staticfiles import finders
from django.templatetags.static import static

# manifest field -> static file and its side in pixels
# https://developer.amazon.com/en-US/docs/alexa/devconsole/launch-your-skill.html
ICONS = {
    "smallIconUri": ("companion/skill-icon-108.png", 108),
    "largeIconUri": ("companion/skill-icon-512.png", 512),
}
_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"  # signature and head of the first chunk, RFC 2083


class IconInvalid(ValueError):
    """One line: which icon, and what to do."""


def icon_addresses(site: str) -> dict[str, str]:
    """Both fields of the manifest, or none where the site has no icon. Raises IconInvalid.

    `site` is the address that Amazon fetches the files from, without a slash at its end.
    """
    found = {field: finders.find(name) for field, (name, _) in ICONS.items()}
    if not any(found.values()):
        return {}
    addresses = {}
    for field, (name, side) in ICONS.items():
        path = found[field]
        if not isinstance(path, str):
            raise IconInvalid(f"{name} is not there: put a PNG of {side} x {side} pixels there")
        if _size(Path(path)) != (side, side):
            raise IconInvalid(f"{name} is not a PNG of {side} x {side} pixels: make it one")
        try:
            addresses[field] = site + static(name)
        except ValueError as error:  # its hashed name is not known
            raise IconInvalid(f"{name} was not collected: run manage.py collectstatic") from error
    return addresses


def _size(path: Path) -> tuple[int, int]:
    with path.open("rb") as file:
        head = file.read(len(_PNG) + 8)
    if not head.startswith(_PNG) or len(head) < len(_PNG) + 8:
        return 0, 0
    return int.from_bytes(head[-8:-4]), int.from_bytes(head[-4:])
