"""What a person took off a list last, so that it can be put back as it was."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from companion.http import SiteRequest, page_behind, safe_next
from skill_endpoint.facts.models import Fact, Favourite, Hearing

_KEY = "removed"
SAVED, HEARD = "saved", "heard"
_PRESSES = {"fact_remove", "history_remove"}


@dataclass(frozen=True)
class Removal:
    """Kept in the session and not in a message: Undo is still there after a reload."""

    OFFERED: ClassVar[timedelta] = timedelta(minutes=10)
    # long enough for the answer to the press: the pages after it do not ask for attention anew
    PROMINENT: ClassVar[timedelta] = timedelta(seconds=2)

    kind: str  # SAVED or HEARD: which list it was taken off
    pk: int  # of the row that is gone
    fact_id: int
    headline: str
    language: str  # of the headline; empty where nobody knows
    door: str
    moment: str  # when it was saved or heard
    at: str  # when it was removed
    page: str = ""  # the path where it was removed

    @classmethod
    def of(cls, request: HttpRequest) -> Self | None:
        """The last one off the list of saved facts, while it is offered."""
        removal = cls.last(request)
        return removal if removal and removal.kind == SAVED else None

    @classmethod
    def last(cls, request: HttpRequest) -> Self | None:
        """The last one off either list, while it is offered."""
        session = getattr(request, "session", None)  # an early error page has none
        if session is None or not (kept := session.get(_KEY)):
            return None
        removal = cls(**kept)
        return removal if removal.age < cls.OFFERED else None

    @classmethod
    def keep(
        cls, request: SiteRequest, row: Favourite | Hearing, headline: str, language: str = ""
    ) -> None:
        is_saved = isinstance(row, Favourite)
        moment = row.saved_at if isinstance(row, Favourite) else row.heard_at
        removal = cls(
            kind=SAVED if is_saved else HEARD,
            pk=row.pk,
            fact_id=row.fact_id,
            headline=headline,
            language=language,
            door=row.door,
            moment=moment.isoformat(),
            at=timezone.now().isoformat(),
            page=_path(safe_next(request, "") or page_behind(request)),
        )
        request.session[_KEY] = asdict(removal)

    @classmethod
    def forget(cls, request: HttpRequest, fact_id: int | None = None) -> None:
        """Take the offer back; with a fact, only the offer to save that one again."""
        kept = request.session.get(_KEY)
        if kept and (fact_id is None or (kept["kind"], kept["fact_id"]) == (SAVED, fact_id)):
            del request.session[_KEY]

    @property
    def age(self) -> timedelta:
        return timezone.now() - datetime.fromisoformat(self.at)

    @property
    def is_prominent(self) -> bool:
        return self.age < self.PROMINENT

    @property
    def is_of_history(self) -> bool:
        return self.kind == HEARD

    def is_offered_on(self, request: SiteRequest) -> bool:
        """On the page of its list, where it was removed, and in the answer to that press."""
        its_list = reverse("history" if self.is_of_history else "saved")
        here = _path(page_behind(request) or request.path)
        is_answer = request.resolver_match and request.resolver_match.url_name in _PRESSES
        return bool(is_answer) or here in {its_list, self.page}

    def undo(self, user: User) -> bool:
        """Put it back by the door and at the time of then; False if the fact is gone."""
        if not Fact.objects.filter(pk=self.fact_id).exists():
            return False
        moment = datetime.fromisoformat(self.moment)
        if self.is_of_history:
            Hearing.objects.put_back(user, self.fact_id, self.door, moment)
        else:
            Favourite.objects.keep(user, self.fact_id, self.door, saved_at=moment)
        return True


def _path(address: str) -> str:
    return address.partition("?")[0]
