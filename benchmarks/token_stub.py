"""A token endpoint that answers at once, in a process of its own: `token_stub PORT`."""

from __future__ import annotations

import base64
import json
import secrets
import sys
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def _token(client_id: str, use: str) -> str:
    """As large as Cognito's, and as its claims are; signed by nobody."""
    now = int(time.time())
    claims = {
        "sub": str(uuid.uuid4()),
        "iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Benchmark",
        "client_id": client_id,
        "token_use": use,
        "scope": "openid email phone",
        "auth_time": now,
        "iat": now,
        "exp": now + 3600,
        "jti": str(uuid.uuid4()),
    }
    parts = (json.dumps({"alg": "RS256", "kid": "bench"}), json.dumps(claims))
    encoded = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, secrets.token_urlsafe(256)])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps(
            {
                "access_token": _token("bench-client", "access"),
                "id_token": _token("bench-client", "id"),
                "refresh_token": secrets.token_urlsafe(700),
                "expires_in": 3600,
                "token_type": "Bearer",
            }
        ).encode()
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\n"
            f"Cache-Control: no-store\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.wfile.write(head.encode() + body)  # in one piece, as a server that means it

    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Silent: writing lines would be measured too."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
