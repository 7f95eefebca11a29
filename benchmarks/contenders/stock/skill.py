"""The official SDK under Django, as its documentation has it: its handler, its serializer.

The one part of ours is the check of the signature. The SDK's own cannot be imported
(skill_endpoint/certvalidator_stand_in.py); like that one, this has the chain in memory and
validates it anew with each request.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
from ask_sdk_core.dispatch_components.request_components import AbstractRequestHandler
from ask_sdk_core.handler_input import HandlerInput
from ask_sdk_core.skill_builder import CustomSkillBuilder
from ask_sdk_core.utils.predicate import is_intent_name
from ask_sdk_core.utils.request_util import get_account_linking_access_token
from ask_sdk_model.request_envelope import RequestEnvelope
from ask_sdk_model.response import Response
from ask_sdk_model.ui.link_account_card import LinkAccountCard
from ask_sdk_model.ui.plain_text_output_speech import PlainTextOutputSpeech
from ask_sdk_runtime.exceptions import AskSdkException
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.models import Profile
from skill_endpoint.certificates import CertificateRejected, checked_chain, load_roots
from skill_endpoint.certvalidator_stand_in import AbstractVerifier, WebserviceSkillHandler
from skill_endpoint.simulator.pki import CHAIN_URL


class SignatureVerifier(AbstractVerifier):
    """The signature over the body, by a chain that is validated each time."""

    def __init__(self, folder: Path) -> None:
        self.chains = {CHAIN_URL.format(name="chain"): (folder / "chain.pem").read_bytes()}
        self.roots = load_roots((folder / "root.pem").read_bytes())

    def verify(
        self,
        headers: Mapping[str, str],
        serialized_request_env: str,
        deserialized_request_env: RequestEnvelope,
    ) -> None:
        try:
            chain = self.chains[headers["SignatureCertChainUrl"]]
            key = checked_chain(chain, datetime.now(UTC), self.roots).key
            signature = base64.b64decode(headers["Signature-256"])
            key.verify(signature, serialized_request_env.encode(), PKCS1v15(), SHA256())
        except (KeyError, CertificateRejected, binascii.Error, InvalidSignature) as error:
            raise AskSdkException("the request is not Alexa's") from error


class WhoAmI(AbstractRequestHandler):
    def can_handle(self, handler_input: HandlerInput) -> bool:
        return bool(is_intent_name("WhoAmIIntent")(handler_input))

    def handle(self, handler_input: HandlerInput) -> Response:
        try:
            sub = _sub_of(str(get_account_linking_access_token(handler_input)))
        except jwt.PyJWTError:
            return _said("Please link your account.", card=LinkAccountCard())
        profile = Profile.objects.select_related("user").get(user__sub=sub)
        return _said(f"You are {profile.display_name}.")


def _said(text: str, **parts: Any) -> Response:
    speech = PlainTextOutputSpeech(text=text)
    return Response(output_speech=speech, should_end_session=True, **parts)


# https://pyjwt.readthedocs.io/en/stable/usage.html#retrieve-rsa-signing-keys-from-a-jwks-endpoint
_key_client = jwt.PyJWKClient(settings.COGNITO_JWKS_URL)


def _sub_of(token: str) -> str:
    """Whose access token it is. Raises jwt.PyJWTError."""
    claims: dict[str, Any] = jwt.decode(
        token,
        _key_client.get_signing_key_from_jwt(token),
        algorithms=["RS256"],
        issuer=settings.COGNITO_ISSUER,
        # Cognito's access tokens have no `aud`
        options={"require": ["exp", "iss", "sub"], "verify_aud": False},
    )
    if claims.get("token_use") != "access":
        raise jwt.InvalidTokenError("not an access token")
    if claims.get("client_id") != settings.COGNITO_ALEXA_CLIENT_ID:
        raise jwt.InvalidTokenError("of another client")
    return str(claims["sub"])


_builder: Any = CustomSkillBuilder()  # the SDK says that its skill_id is None
_builder.skill_id = settings.ALEXA_SKILL_IDS[0]
_builder.add_request_handler(WhoAmI())
# Once, and not in the view: each handler that is made lengthens the skill's `custom_user_agent` by
# a word, for as long as the process lives. (It comes too late for the answers, which never carry
# it.)
_handler = WebserviceSkillHandler(
    _builder.create(),
    verify_signature=False,
    verify_timestamp=True,
    verifiers=[SignatureVerifier(Path(settings.ALEXA_DEV_PKI_DIR))],
)


@csrf_exempt
@require_POST
def alexa(request: HttpRequest) -> HttpResponse:
    try:
        # their names are looked up in any case, which a plain dict would not do
        headers: Any = request.headers
        response = _handler.verify_request_and_dispatch(headers, request.body.decode())
    except (AskSdkException, UnicodeDecodeError):
        return HttpResponseBadRequest()
    return JsonResponse(response)
