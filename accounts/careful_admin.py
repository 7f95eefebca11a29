"""An admin that answers a made-up address with its list, or a 400, and never with a 500.

Django's change list takes any lookup that a visitor writes into the address: a regular expression
that SQLite runs for minutes, the beginning of a password, a year that no date has.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.core.exceptions import BadRequest, FieldError, ValidationError
from django.db.models import QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.db.utils import DataError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse
from django.utils.translation import gettext_lazy as _

# what the admin's own filters and date navigation write behind a field's name
LOOKUPS = {"", "exact", "isnull", "gte", "lt", "year", "month", "day"}
NONSENSE = (ValueError, TypeError, OverflowError, FieldError, ValidationError, DataError)


SEARCH_MAX = 400  # characters: an Alexa user id takes 255, and gets line breaks when it is copied
SEARCH_MAX_WORDS = 12  # each is looked for in each column, with a join of its own


TOO_LONG = _(
    "This search took too long. Whole ids, e-mail addresses and phone numbers are found at once."
)


class BoundedSearch(ChangeListSearchForm):
    """A longer search is named as what is wrong, above the whole list."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[SEARCH_VAR] = forms.CharField(
            required=False, strip=False, max_length=SEARCH_MAX
        )


class CarefulList(ChangeList):
    search_form_class = BoundedSearch


class CarefulAdmin(admin.ModelAdmin[Any]):
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CarefulList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        few = " ".join(search_term.split()[:SEARCH_MAX_WORDS])
        return super().get_search_results(request, queryset, few)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only the fields that are offered as filters, and only as the filters ask for them."""
        named = [entry[0] if isinstance(entry, tuple) else entry for entry in self.list_filter]
        offered = {
            entry if isinstance(entry, str) else getattr(entry, "parameter_name", "")
            for entry in named
        }
        offered |= {self.date_hierarchy} if self.date_hierarchy else set()
        name, _, how = lookup.rpartition(LOOKUP_SEP)
        return (
            lookup in offered
            or (name in offered and how in LOOKUPS)
            or (how in {"exact", "isnull"} and name.rpartition(LOOKUP_SEP)[0] in offered)
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            response = super().changelist_view(request, extra_context)
            if isinstance(response, SimpleTemplateResponse):
                response.render()  # the date navigation asks the database only there
        except (*NONSENSE, OperationalError) as error:
            if request.method == "POST" or request.GET.keys() == {"e"}:
                raise BadRequest("not a request that this list makes") from error
            if SEARCH_VAR in request.GET and isinstance(error, OperationalError):
                messages.warning(request, TOO_LONG)
                return HttpResponseRedirect(request.path)
            return HttpResponseRedirect(f"{request.path}?e=1")
        return response
