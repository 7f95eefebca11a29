"""Read what another server sends, up to a size and for a time, whoever it is."""

from __future__ import annotations

import time

import requests
import urllib3


class Unreadable(Exception):
    """The answer is too long, came too slowly, or broke off."""


def read(response: requests.Response, *, limit: int, seconds: float) -> bytes:
    """The body of an answer that was asked for with `stream=True`, or Unreadable.

    A timeout of requests counts from one read to the next: a server that sends a byte a second
    would hold us for ever.
    """
    end = time.monotonic() + seconds
    body = b""
    try:
        # read1 takes what is there: read(n) would wait for n bytes, however slowly they come
        while chunk := response.raw.read1(limit, decode_content=True):
            body += chunk
            if len(body) > limit or time.monotonic() > end:
                raise Unreadable
    # reading from `raw` raises urllib3's own errors, not those of requests
    except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
        raise Unreadable from error
    return body
