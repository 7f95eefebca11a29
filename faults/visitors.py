"""What the talk needs of a filled database, as JSON: sessions of the first people, ids of facts.

Called in a configured Django: `manage.py shell -c "from faults.visitors import main; main(40)"`.
"""

from __future__ import annotations

import json
import sys
import time

from django.contrib.auth import login
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory

from accounts.cognito.sign_in_again import note
from accounts.models import User
from skill_endpoint.facts.models import Fact


def main(count: int) -> None:
    facts = Fact.objects.published().order_by("pk").values_list("pk", flat=True)
    sessions = [_session(user) for user in User.objects.order_by("pk")[:count]]
    json.dump({"sessions": sessions, "facts": list(facts)}, sys.stdout)


def _session(user: User) -> str:
    """As a sign-in leaves it."""
    request = RequestFactory().get("/")
    request.session = SessionStore()
    login(request, user)
    note(request, int(time.time()))
    request.session.save()
    return str(request.session.session_key)
