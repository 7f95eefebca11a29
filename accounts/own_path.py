from __future__ import annotations

from django.utils.http import url_has_allowed_host_and_scheme


def is_own_path(url: str | None) -> bool:
    """Whether a redirect to it stays on this site: a path, without scheme and host.

    The one rule for every `next`: not even an allowed host is taken, as 127.0.0.1 is one.
    """
    return (
        bool(url)
        and str(url).startswith("/")
        and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    )
