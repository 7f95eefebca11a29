"""Start a program that ends when its parent does: `python child.py PARENT_PID PROGRAM [ARG...]`.

A parent that is killed outright (kill -9) cannot stop its children, so on Linux the kernel is
asked to send them SIGTERM. Asked from the child itself, before it becomes the program: code that
runs between fork and exec is unsafe in a parent with threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def main(parent: int, command: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - that is what this file is for


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
