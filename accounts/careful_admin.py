"""An admin that answers a made-up address with its list, or a 400, and never with a 500.

Django's change list takes any lookup that a visitor writes into the address: a regular expression
that SQLite runs for minutes, the beginning of a password, a year that no date has.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import BadRequest, FieldError, ValidationError
from django.db.models.constants import LOOKUP_SEP
from django.db.utils import DataError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse

# what the admin's own filters and date navigation write behind a field's name
LOOKUPS = {"", "exact", "isnull", "gte", "lt", "year", "month", "day"}
NONSENSE = (ValueError, TypeError, OverflowError, FieldError, ValidationError, DataError)


class CarefulAdmin(admin.ModelAdmin[Any]):
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
            return HttpResponseRedirect(f"{request.path}?e=1")
        return response
