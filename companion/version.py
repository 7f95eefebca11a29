"""Which release this is: the version of CHANGELOG.md, and the commit where it was installed.

deploy/install.sh names a release's folder by both, `releases/0.1.0-1f2e3d4c5b6a`. A checkout has
no such folder, and says the version alone: nobody asks git while the site runs.
"""

from __future__ import annotations

import re
from pathlib import Path

LONGEST = 32  # characters, as the table of servers has


def version_of(folder: Path) -> str:
    """Of the code in `folder`: `0.1.0-1f2e3d4c5b6a`, `0.1.0+name` of another name, or `0.1.0`."""
    changelog = (folder / "CHANGELOG.md").read_text(encoding="utf-8")
    match = re.search(r"^## (\S+)", changelog, re.MULTILINE)
    version = match[1] if match else "0"
    if folder.parent.name != "releases" or not (folder / ".installed").exists():
        return version
    name = folder.name  # letters, digits, dots and dashes: install.sh takes no others
    is_of_it = name == version or name.startswith(f"{version}-")
    return (name if is_of_it else f"{version}+{name}")[:LONGEST]
