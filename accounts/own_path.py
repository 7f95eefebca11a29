from __future__ import annotations

import re

from django.utils.http import url_has_allowed_host_and_scheme

# Browsers leave tabs and line breaks out of an address and read a backslash as a slash: for them
# "/<tab>//evil.example" begins with two slashes, which the rule below does not see.
_MISREAD = re.compile(r"[\x00-\x1f\x7f\\]")


def is_own_path(url: str | None) -> bool:
    """Whether a redirect to it stays on this site: a path, without scheme and host.

    The one rule for every `next`: not even an allowed host is taken, as 127.0.0.1 is one.
    """
    return (
        url is not None
        and url.startswith("/")
        and not _MISREAD.search(url)
        and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    )
