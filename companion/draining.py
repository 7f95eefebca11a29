"""Whether this server has been told to stop: then it answers what comes, and says it is not ready.

One byte of memory that gunicorn's main process shares with the workers it forks. Plain Python:
deploy/gunicorn.conf.py imports this before Django is there.
"""

from __future__ import annotations

import mmap

_flag = mmap.mmap(-1, 1)


def begin() -> None:
    """In the main process; the workers know at once."""
    _flag[0] = 1


def is_draining() -> bool:
    return _flag[0] == 1


def forget() -> None:
    """For tests: no server takes it back."""
    _flag[0] = 0
