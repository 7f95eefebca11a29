"""The pool's OAuth addresses; the only place where they are built.

Read at call time, so that a pool made after the start (a test's) is found. Issuer and key set are
settings of their own because a local AWS serves keys at another address than the issuer names.
https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from django.conf import settings


def issuer() -> str:
    if settings.COGNITO_ISSUER:
        return str(settings.COGNITO_ISSUER)
    # the domain of the Chinese regions ends in .com.cn
    suffix = "amazonaws.com.cn" if settings.AWS_REGION.startswith("cn-") else "amazonaws.com"
    return f"https://cognito-idp.{settings.AWS_REGION}.{suffix}/{settings.COGNITO_USER_POOL_ID}"


def jwks_url() -> str:
    return str(settings.COGNITO_JWKS_URL) or f"{issuer()}/.well-known/jwks.json"


def authorize_url() -> str:
    return f"{settings.COGNITO_DOMAIN_URL}/oauth2/authorize"


def token_url() -> str:
    return f"{settings.COGNITO_DOMAIN_URL}/oauth2/token"


def callback_url() -> str:
    """Where the website's sign-in returns; from PUBLIC_URL, never from the Host header."""
    return f"{settings.PUBLIC_URL}/accounts/cognito/login/callback/"


def sign_up_url() -> str:
    """The pool's own page for a new account; it returns like a sign-in."""
    return f"{settings.COGNITO_DOMAIN_URL}/signup"


def sign_out_return_url() -> str:
    """A registered sign-out address; Cognito compares it to the letter, slash included."""
    return f"{settings.PUBLIC_URL}/"


def sign_in_again_return_url() -> str:
    """The other registered sign-out address: on the way to a fresh sign-in."""
    return f"{settings.PUBLIC_URL}/accounts/cognito/again/"


def logout_url(return_url: str = "") -> str:
    """Ends the pool's own session and comes back, to our front page where nothing else is said."""
    query = urlencode(
        {
            "client_id": settings.COGNITO_WEB_CLIENT_ID,
            "logout_uri": return_url or sign_out_return_url(),
        }
    )
    return f"{settings.COGNITO_DOMAIN_URL}/logout?{query}"


def origin() -> str:
    """Scheme and host of the sign-in domain, for the Content-Security-Policy; empty if unset."""
    parts = urlsplit(settings.COGNITO_DOMAIN_URL)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
