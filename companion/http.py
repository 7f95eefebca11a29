"""Requests that name our User, and where a request is sent on to."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

from django.core.paginator import EmptyPage, InvalidPage, Page, Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from accounts.own_path import is_own_path

if TYPE_CHECKING:
    from django.core.paginator import _SupportsPagination


class SiteRequest(HttpRequest):
    htmx: HtmxDetails


class SignedInRequest(SiteRequest):
    user: User


def safe_next(request: HttpRequest, default: str) -> str:
    """The page that a form asks to go back to, where it is one of ours; else `default`."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    return target if is_own_path(target) else default


def page_behind(request: SiteRequest) -> str:
    """The page of ours that htmx was called from; empty where it says none, or nonsense."""
    try:
        path = request.htmx.current_url_abs_path or ""
    except ValueError:  # a header that is no address
        return ""
    return path if is_own_path(path) else ""


def to_sign_in(request: SiteRequest, back: str) -> HttpResponse:
    """Sign in and come back to `back`; htmx is told to go there."""
    sign_in = f"{reverse('account_login')}?{urlencode({'next': back})}"
    return HttpResponseClientRedirect(sign_in) if request.htmx else redirect(sign_in)


def page_of[T](
    request: HttpRequest, rows: _SupportsPagination[T], size: int, *, or_last: bool = False
) -> Page[T]:
    """The page that ?page= asks for; a number that is none, or too large, is not found.

    `or_last`: a list whose rows can be removed grows shorter; too large a number is its last page.
    """
    paginator, wanted = Paginator(rows, size), request.GET.get("page", "1")
    try:
        return paginator.page(wanted)
    except EmptyPage as error:
        if or_last and int(wanted) > paginator.num_pages:
            return paginator.page(paginator.num_pages)
        raise Http404 from error
    except InvalidPage as error:
        raise Http404 from error


def only[M: Model](page: Page[M], details: QuerySet[M]) -> Page[M]:
    """The page, its rows read with these details.

    They are found by the page's ids, which come from an index alone where there is one: what lies
    before the page costs no look at other tables.
    """
    rows = cast("QuerySet[M]", page.object_list)
    page.object_list = list(details.filter(pk__in=rows.values("pk")))
    return page
