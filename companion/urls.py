"""All routes at a glance."""

from __future__ import annotations

from typing import NoReturn

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest
from django.urls import include, path

from accounts.cognito import logout
from companion.views import health

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def gone(request: HttpRequest, *args: object, **kwargs: object) -> NoReturn:
    raise Http404


urlpatterns = [
    # probes and counters
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    # people come and go through the pool; allauth's other pages are closed
    path("accounts/logout/", logout.sign_out, name="account_logout"),
    path("accounts/3rdparty/", gone),
    path("accounts/3rdparty/signup/", gone),
    path("accounts/social/<path:rest>", gone),
    path("accounts/sessions/", gone),
    path("accounts/", include("allauth.urls")),
    path("admin/logout/", logout.admin_sign_out),
    path("admin/", admin.site.urls),
]
if settings.DEV_TOOLS:
    urlpatterns += [path("dev/", include("skill_endpoint.simulator.urls"))]
