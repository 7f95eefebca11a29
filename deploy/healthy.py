"""Exit status 0 where the server of this container answers: HEALTHCHECK of deploy/Dockerfile.

    python deploy/healthy.py [PORT]

/healthz and not /readyz: a container that is started anew mends no database.
"""

from __future__ import annotations

import http.client
import sys

TIMEOUT = 4  # seconds, less than HEALTHCHECK waits


def main(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/healthz")
        return 0 if connection.getresponse().status == http.client.OK else 1
    except (OSError, http.client.HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8000))
