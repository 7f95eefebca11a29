from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from companion.http import SignedInRequest


@require_safe
def history(request: SignedInRequest) -> HttpResponse:
    return render(request, "companion/history.html")
