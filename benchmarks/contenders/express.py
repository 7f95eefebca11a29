"""Installs Amazon's Express adapter and its server, in a folder outside the tracked files.

The packages that server.js names are pinned in package.json; what those bring is npm's to choose,
and no script of any of them runs.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("express")
FOLDER = Path(__file__).resolve().parents[2] / ".local" / "bench" / "express"
LIMIT = 300  # seconds
_DONE = "installed.json"  # the package.json that the modules in the folder were installed by


def install(folder: Path = FOLDER) -> Path | None:
    """The folder with server.js and all that it needs; None, and a line that says why, without.

    Asks npm's registry; nothing where the same versions are there already. To be called before
    environment.forget_caller(), which would take npm's own settings away.
    """
    if missing := [name for name in ("node", "npm") if shutil.which(name) is None]:
        print(f"Without the Express adapter: {' and '.join(missing)} not found.")
        return None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:  # tests may run in several processes
        fcntl.flock(lock, fcntl.LOCK_EX)
        return folder if _is_installed(folder) else None


def _is_installed(folder: Path) -> bool:
    """Whether all is there in the end; prints why where it is not."""
    for source in SOURCE.glob("*.js*"):
        shutil.copy(source, folder)
    wanted = (SOURCE / "package.json").read_bytes()
    done = folder / _DONE
    if done.is_file() and done.read_bytes() == wanted:
        return True
    print(f"Installing the Express adapter with npm in {folder} …")
    done.unlink(missing_ok=True)
    options = ["--no-audit", "--no-fund", "--omit=dev", "--no-package-lock", "--ignore-scripts"]
    try:
        finished = subprocess.run(
            ["npm", "install", "--loglevel=error", *options],  # noqa: S607 - found above
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"Without the Express adapter: npm: {type(error).__name__}.")
        return False
    if finished.returncode:
        reason = next(filter(None, finished.stderr.splitlines()), "no reason given")
        print(f"Without the Express adapter: npm install failed: {reason}")
        return False
    done.write_bytes(wanted)
    return True
