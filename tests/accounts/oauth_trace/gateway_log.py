"""Lines as API Gateway writes them into the execution log of a REST stage with data trace.

The forms are those of its documentation and of logs that people showed; the values are made up.
"""

from __future__ import annotations

import json
import uuid
from urllib.parse import urlencode

SERVER = "https://auth.example.com"
LIMIT = 1024  # characters of a line, from which on the service cuts
BROWSER = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Mobile"
ALEXA = "Apache-HttpClient/4.5.x (Java/1.8.0_152)"
STARS = "*" * 90


def authorize(
    query: dict[str, str],
    *,
    location: str = "",
    status: int = 302,
    request_id: str = "",
    problem: str = "",
) -> list[str]:
    """A browser opens the authorization address, and is sent to `location`."""
    answer = {
        "Date": "Sun, 22 Nov 2026 10:00:00 GMT",
        "Content-Length": "0",
        "Connection": "keep-alive",
        "Location": location or f"{SERVER}/login?{urlencode(query)}",
        "Set-Cookie": "XSRF-TOKEN=11111111-2222-3333-4444-555555555555; Path=/; Secure; HttpOnly",
        "Cache-Control": "private, max-age=0",
    }
    sent = {
        "Accept": "text/html,application/xhtml+xml, */*",
        "Accept-Language": "en-US,en;q=0.9",
        "Cache-Control": "no-cache, max-age=0",
        "Host": "abc123.execute-api.us-east-1.amazonaws.com",
        "User-Agent": BROWSER,
        "X-Amzn-Trace-Id": "Root=1-60000000-000000000000000000000000",
        "X-Forwarded-For": "203.0.113.7, 198.51.100.9",
    }
    return _lines(
        request_id or str(uuid.uuid4()),
        method="GET",
        path="/oauth2/authorize",
        query=query,
        sent=sent,
        body="",
        status=status,
        answer=answer,
        answer_body="",
        problem=problem,
    )


def token(
    form: dict[str, str],
    *,
    status: int = 200,
    answer: str = "",
    content_type: str = "application/json;charset=UTF-8",
    milliseconds: int = 240,
    authorization: bool = True,
    request_id: str = "",
    problem: str = "",
    headers: dict[str, str] | None = None,
) -> list[str]:
    """Alexa redeems a code or refreshes. `answer` is the body that it gets."""
    sent = {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8",
        "User-Agent": ALEXA,
        "X-Forwarded-For": "203.0.113.8",
    } | ({"Authorization": f"{STARS}9e9334"} if authorization else {})
    return _lines(
        request_id or str(uuid.uuid4()),
        method="POST",
        path="/oauth2/token",
        query={},
        sent=sent,
        body=urlencode(form),
        status=status,
        answer={
            "Date": "Sun, 22 Nov 2026 10:00:01 GMT",
            "Content-Type": content_type,
            "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate",
        }
        | (headers or {}),
        answer_body=answer,
        milliseconds=milliseconds,
        problem=problem,
    )


def access(path: str, *, method: str = "GET", status: int = 404) -> str:
    """A line of the access log, by the format of the template."""
    return json.dumps(
        {
            "id": str(uuid.uuid4()),
            "at": 1,
            "method": method,
            "path": f"/trace{path}",
            "status": str(status),
            "server": str(status),
            "server_ms": "12",
            "ms": "14",
            "error": "-",
        }
    )


def _lines(
    request_id: str,
    *,
    method: str,
    path: str,
    query: dict[str, str],
    sent: dict[str, str],
    body: str,
    status: int,
    answer: dict[str, str],
    answer_body: str,
    milliseconds: int = 87,
    problem: str = "",
) -> list[str]:
    url = f"{SERVER}{path}" + (f"?{urlencode(query)}" if query else "")
    texts = [
        "Extended Request Id: UBuxiEZSIAMFQ1Q=",
        f"Verifying Usage Plan for request: {request_id}. API Key:  API Stage: abc123/trace",
        f"Starting execution for request: {request_id}",
        f"HTTP Method: {method}, Resource Path: {path}",
        "Method request path: {}",
        f"Method request query string: {_object(query)}",
        f"Method request headers: {_object(sent)}",
        f"Method request body before transformations: {body}",
        f"Endpoint request URI: {url}",
        f"Endpoint request headers: {_object(sent | {'Accept-Encoding': 'identity'})}",
        f"Endpoint request body after transformations: {body}",
        f"Sending request to {url}",
    ]
    if problem:
        texts.append(f"Execution failed due to {problem}")
        texts.append("Method completed with status: 504")
    else:
        texts += [
            f"Received response. Status: {status}, Integration latency: {milliseconds} ms",
            f"Endpoint response headers: {_object(answer)}",
            f"Endpoint response body before transformations: {answer_body}",
            f"Method response body after transformations: {answer_body}",
            f"Method response headers: {_object(answer)}",
            "Successfully completed execution",
            f"Method completed with status: {status}",
        ]
    return [f"({request_id}) {_cut(text)}" for text in texts]


def _object(pairs: dict[str, str]) -> str:
    return "{" + ", ".join(f"{name}={value}" for name, value in pairs.items()) + "}"


def _cut(text: str) -> str:
    return text if len(text) <= LIMIT else f"{text[:LIMIT]} [TRUNCATED]"
