from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.data_export.models import DataExport
from accounts.models import Deletion, Tombstone
from accounts.oauth_trace import recording
from accounts.oauth_trace.models import Attempt, Span
from accounts.tables import require_table
from companion.operations import tasks
from companion.operations.models import Failure, HourlyCount, Server
from skill_endpoint.facts.models import FactImport, FactReport
from skill_endpoint.models import SeenRequest, SkillEvent


class Command(BaseCommand):
    help = (
        "Delete what has served its time: request ids that guard against replays (after five "
        "minutes), skill events, closed reports of wrong facts and records of deleted accounts (90 "
        "days), tombstones of deleted accounts, files of imports and downloads that people asked "
        "for (a day), what the servers counted by the hour (15 days), linking attempts that were "
        "recorded and when that was (OAUTH_TRACE_DAYS; pinned ones four times as long), sessions "
        "that have ended and the browsers that people see in their list. Deletes nobody and "
        "nothing that a person saved. Attempts that went quiet get their verdict. Run it hourly."
    )

    def handle(self, *args: Any, **options: Any) -> str:
        require_table(SeenRequest)
        recording.settle()
        recording.make_room(most=5_000)
        now = timezone.now()
        # the list of a person's browsers, with addresses: no longer than the sessions themselves
        ended = UserSession.objects.exclude(
            session_key__in=Session.objects.filter(expire_date__gte=now).values("session_key")
        ).filter(created_at__lt=now - timedelta(seconds=settings.SESSION_COOKIE_AGE))
        expired = {
            "seen requests": SeenRequest.objects.expired(now),
            "skill events": SkillEvent.objects.expired(),
            "tombstones": Tombstone.objects.expired(),
            "closed reports": FactReport.objects.expired(),
            "records of deletions": Deletion.objects.expired(),
            "downloads": DataExport.objects.expired(),
            "imports": FactImport.objects.expired(),
            "linking attempts": Attempt.objects.expired(),
            "times of recording": Span.objects.expired(),
            "browsers": ended,
            "sessions": Session.objects.filter(expire_date__lt=now),
            "hourly counts": HourlyCount.objects.expired(),
            "server processes": Server.objects.expired(),
            "failures": Failure.objects.expired(),
        }
        said = "Deleted " + ", ".join(
            # of the rows themselves, not of what goes with them
            f"{rows.delete()[1].get(rows.model._meta.label, 0)} {name}"
            for name, rows in expired.items()
        )
        tasks.done("prune")
        return said
