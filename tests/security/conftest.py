from __future__ import annotations

from tests.companion.conftest import fact, new_fact
from tests.skill_endpoint.conftest import (
    _no_chain_known,
    launch,
    pki,
    pki_folder,
    post,
)

# the stages of both doors
__all__ = ["_no_chain_known", "fact", "launch", "new_fact", "pki", "pki_folder", "post"]
