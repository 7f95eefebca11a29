from __future__ import annotations

import base64
import hashlib


def nonce_for(code_verifier: str) -> str:
    """The nonce of a sign-in, derived from its PKCE verifier.

    The verifier is random, secret and bound to the browser's session, so its digest is all that a
    nonce must be (OpenID Connect Core, 15.5.2), and nothing more has to be kept for it.
    """
    digest = hashlib.sha256(b"nonce:" + code_verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
