"""A skill endpoint of the SDK's own handler and verifiers, as a process with real HTTP.

    python -m tests.skill_endpoint.certification.stock_endpoint PORT BUILD ROOT CHAINS SKILL_ID

Nothing of the SDK is changed but its two edges, in the module that uses them: certvalidator, which
cannot be imported on a current OpenSSL, and the network, where downloads from Amazon's host go to
CHAINS. ROOT is the PEM file of the trusted root; BUILD is one of known_faults.Build.
"""

from __future__ import annotations

import json
import re
import socketserver
import sys
import urllib.request
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from cryptography import x509
from cryptography.x509.verification import (
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from skill_endpoint.certvalidator_stand_in import WebserviceSkillHandler

# isort: split
# only now can they be imported: the stand-in must be first
from ask_sdk_core.skill_builder import SkillBuilder
from ask_sdk_runtime.exceptions import AskSdkException
from ask_sdk_webservice_support.verifier import (
    RequestVerifier,
    TimestampVerifier,
    VerificationException,
)

# its own names of what it imports: the two edges
sdk: Any = import_module("ask_sdk_webservice_support.verifier")
AMAZON = re.compile(r"https://s3\.amazonaws\.com(?::443)?(?=/)", re.IGNORECASE)


class CertificateValidator:
    """What certvalidator does for the SDK: a path to a trusted root, now; no look at names."""

    root: x509.Certificate

    def __init__(self, end_cert: bytes, intermediate_certs: list[bytes]) -> None:
        self.leaf, *self.others = (
            x509.load_der_x509_certificate(der) for der in (end_cert, *intermediate_certs)
        )

    def validate_usage(self, key_usage: set[str]) -> None:
        policy = (
            PolicyBuilder()
            .store(Store([self.root]))
            .time(datetime.now(UTC))
            .extension_policies(
                ca_policy=ExtensionPolicy.webpki_defaults_ca(),
                ee_policy=ExtensionPolicy.permit_all(),
            )
        )
        try:
            policy.build_client_verifier().verify(self.leaf, self.others)
        except VerificationError as error:
            raise sdk.PathError(str(error)) from error


def skill(skill_id: str) -> Any:
    """One that answers everything, and knows its own id."""
    builder: Any = SkillBuilder()
    builder.skill_id = skill_id

    def anything(handler_input: Any) -> Any:
        request = handler_input.request_envelope.request
        if request.object_type in {"LaunchRequest", "IntentRequest"}:
            handler_input.response_builder.speak("Hello.").set_should_end_session(True)
        return handler_input.response_builder.response

    builder.request_handler(can_handle_func=lambda handler_input: True)(anything)
    return builder.create()


def answerer(build: str, skill: Any) -> Callable[[dict[str, Any], str], str]:
    """What the project behind the address does with headers (as WSGI names them) and a body."""
    if build == "adapter":

        def adapter(environ: dict[str, Any], body: str) -> str:
            verifiers = [
                RequestVerifier(
                    signature_cert_chain_url_key="HTTP_SIGNATURECERTCHAINURL",
                    signature_key="HTTP_SIGNATURE",
                ),
                TimestampVerifier(),
            ]
            handler = WebserviceSkillHandler(
                skill=skill, verify_signature=False, verify_timestamp=False, verifiers=verifiers
            )
            return json.dumps(handler.verify_request_and_dispatch(environ, body))

        return adapter
    if build == "rebuilt":
        return lambda environ, body: json.dumps(
            WebserviceSkillHandler(skill=skill).verify_request_and_dispatch(by_name(environ), body)
        )
    once = WebserviceSkillHandler(skill=skill)
    return lambda environ, body: json.dumps(
        once.verify_request_and_dispatch(by_name(environ), body)
    )


def by_name(environ: dict[str, Any]) -> dict[str, Any]:
    """HTTP_SIGNATURE_256 as signature-256; the SDK does not mind the case."""
    return {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }


def application(answer: Callable[[dict[str, Any], str], str]) -> Any:
    """Only POST; 400 for what the verifiers refuse, 500 for all else, as SkillAdapter has it."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        status, text = "405 Method Not Allowed", ""
        if environ["REQUEST_METHOD"] == "POST":
            length = environ.get("CONTENT_LENGTH") or "0"
            try:
                body = environ["wsgi.input"].read(int(length) if length.isdigit() else 0)
                status, text = "200 OK", answer(environ, body.decode("utf-8"))
            except VerificationException:
                status, text = "400 Bad Request", "Incoming request failed verification"
            except AskSdkException:
                status, text = "500 Internal Server Error", "Exception occurred during dispatch"
            except Exception:  # noqa: BLE001 - what Django makes of it
                status, text = "500 Internal Server Error", "<h1>Server Error (500)</h1>"
        content = text.encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
        start_response(status, headers)
        return [content]

    return app


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """A line a request would bury what a failing test prints."""


def main(port: int, build: str, root: Path, chains: str, skill_id: str) -> None:
    CertificateValidator.root = x509.load_pem_x509_certificate(root.read_bytes())
    sdk.CertificateValidator = CertificateValidator
    sdk.urlopen = lambda url: urllib.request.urlopen(AMAZON.sub(chains, url, count=1))  # noqa: S310 - the network's edge, as the SDK opens it
    app = application(answerer(build, skill(skill_id)))
    with make_server("127.0.0.1", port, app, Server, Quiet) as server:
        server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4], sys.argv[5])
