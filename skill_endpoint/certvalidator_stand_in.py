"""The SDK's web service handler, imported without the library that breaks its import.

ask_sdk_webservice_support imports certvalidator at its top, and with it oscrypto 1.3.0. That one
reads OpenSSL's version with a pattern of one digit a part, so that importing it fails on
OpenSSL 3.0.10 and later, 3.0.19 of Debian 12 among them ("Error detecting the version of
libcrypto"). It was mended in 2023 and never released:

* https://github.com/wbond/oscrypto/issues/75
* https://github.com/wbond/oscrypto/issues/78

Only the SDK's RequestVerifier needs certvalidator, and that is not in use here: verification.py
verifies. So the import finds a stand-in, and everybody else imports the SDK's names from here.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, NoReturn

_NAMES = ("certvalidator", "certvalidator.errors")


class _NotHere:
    """Takes the place of certvalidator.CertificateValidator."""

    def __init__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError("certvalidator is not loaded: skill_endpoint.verification verifies")


def _stand_ins() -> dict[str, ModuleType]:
    package, errors = (ModuleType(name, "A stand-in.") for name in _NAMES)
    vars(package).update(CertificateValidator=_NotHere, errors=errors, __path__=[])
    for name in ("PathError", "ValidationError"):
        setattr(errors, name, type(name, (Exception,), {}))
    return {package.__name__: package, errors.__name__: errors}


if "certvalidator" not in sys.modules:
    sys.modules.update(_stand_ins())

from ask_sdk_webservice_support.verifier import AbstractVerifier  # noqa: E402
from ask_sdk_webservice_support.webservice_handler import WebserviceSkillHandler  # noqa: E402

__all__ = ["AbstractVerifier", "WebserviceSkillHandler"]
