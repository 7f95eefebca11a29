"""All routes at a glance."""

from __future__ import annotations

from typing import NoReturn

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest
from django.urls import include, path, register_converter

from accounts.cognito import logout
from companion.doctor.views import doctor
from companion.languages import LanguageConverter, in_language
from companion.operations.views import operations
from companion.views import (
    alexa_link,
    data,
    deletion,
    errors,
    facts,
    feeds,
    health,
    history,
    home,
    language,
    me,
    pages,
    saved,
    search_engines,
    sessions,
    theme,
)

register_converter(LanguageConverter, "language")
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def gone(request: HttpRequest, *args: object, **kwargs: object) -> NoReturn:
    raise Http404


# public pages that also have an address in each language: /fr/facts/…
in_each_language = [
    path("", in_language(home.home), name="home"),
    path("today/", in_language(home.today), name="today"),
    path("facts/", in_language(facts.facts), name="facts"),
    path("facts/<slug:topic>/", in_language(facts.facts), name="topic"),
    path("facts/<slug:topic>/<slug:slug>/", in_language(facts.fact), name="fact"),
    path("today.json", feeds.today_json, name="today_json"),
    path("today.txt", feeds.today_txt, name="today_txt"),
    path("feed.atom", feeds.atom, name="feed"),
]

urlpatterns = [
    # the website
    path("", home.home, name="home"),
    path("today/", home.today, name="today"),
    path("today/another/", home.another, name="another"),
    path("today/topic/", home.pick_topic, name="pick_topic"),
    path("today.json", feeds.today_json, name="today_json"),
    path("today.txt", feeds.today_txt, name="today_txt"),
    path("feed.atom", feeds.atom, name="feed"),
    path("facts/", facts.facts, name="facts"),
    path("facts/<slug:topic>/", facts.facts, name="topic"),
    path("facts/<slug:topic>/<slug:slug>/", facts.fact, name="fact"),
    path("facts/<slug:topic>/<slug:slug>/save/", facts.save, name="fact_save"),
    path("facts/<slug:topic>/<slug:slug>/remove/", facts.remove, name="fact_remove"),
    path("facts/<slug:topic>/<slug:slug>/report/", facts.report, name="fact_report"),
    path("facts/<slug:topic>/<slug:slug>/report/undo/", facts.take_back, name="fact_take_back"),
    path("saved/", saved.saved, name="saved"),
    path("saved/undo/", saved.undo, name="saved_undo"),
    path("saved/dismiss/", saved.dismiss, name="saved_dismiss"),
    path("history/", history.history, name="history"),
    path("history/<int:pk>/remove/", history.remove, name="history_remove"),
    path("history/forget/", history.forget, name="history_forget"),
    path("alexa-link/", alexa_link.alexa_link, name="alexa_link"),
    path("alexa-link/start/", alexa_link.start, name="alexa_link_start"),
    path("alexa-link/progress/", alexa_link.progress, name="alexa_link_progress"),
    path("alexa-link/<int:pk>/unlink/", alexa_link.unlink, name="alexa_link_unlink"),
    path("me/", me.me, name="me"),
    path("me/preferences/", me.preferences, name="preferences"),
    path("me/preferences/preview/", me.preview, name="preferences_preview"),
    path("me/preferences/discard/", me.discard, name="preferences_discard"),
    path("me/languages/", language.languages, name="languages"),
    path("me/data/", data.data, name="data"),
    path("me/data/export/", data.start, name="data_export"),
    path("me/data/export/<int:pk>/", data.download, name="data_export_file"),
    path("me/data/export/<int:pk>/step/", data.step, name="data_export_step"),
    path("me/data/delete/", deletion.delete, name="data_delete"),
    path("me/sessions/", sessions.sessions, name="sessions"),
    path("me/sessions/end-others/", sessions.end_others, name="sessions_end_others"),
    path("me/sessions/<int:pk>/end/", sessions.end, name="sessions_end"),
    path("help/", pages.help_, name="help"),
    path("help/linking/", pages.help_linking, name="help_linking"),
    path("privacy/", pages.privacy, name="privacy"),
    path("accessibility/", pages.accessibility, name="accessibility"),
    path("theme/", theme.theme, name="theme"),
    path("i18n/set/", language.set_language, name="set_language"),
    path("<language:language>/", include((in_each_language, "companion"), "in_language")),
    path("favicon.ico", pages.favicon),
    # search engines
    path("robots.txt", search_engines.robots, name="robots"),
    path("sitemap.xml", search_engines.sitemap, name="sitemap"),
    path("sitemap-pages.xml", search_engines.pages, name="sitemap_pages"),
    path("sitemap-facts-<int:number>.xml", search_engines.facts, name="sitemap_facts"),
    # the voice door
    path("", include("skill_endpoint.urls")),
    # the front of the pool's OAuth endpoints
    path("oauth/", include("accounts.oauth_trace.urls")),
    # for operators
    path("doctor/", doctor, name="doctor"),
    path("traces/", include("companion.traces.urls")),
    path("operations/", operations, name="operations"),
    # probes and counters
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    # people come and go through the pool; allauth's other pages are closed
    path("accounts/deleted/", deletion.deleted, name="deleted"),
    path("accounts/deleted/<str:token>/", deletion.deleted, name="deleted_on"),
    path("accounts/logout/", logout.sign_out, name="account_logout"),
    path("accounts/3rdparty/", gone),
    path("accounts/3rdparty/signup/", gone),
    path("accounts/social/<path:rest>", gone),
    path("accounts/sessions/", gone),
    path("accounts/", include("allauth.urls")),
    path("admin/logout/", logout.admin_sign_out),
    path("admin/password_change/", gone),  # nobody has a password
    path("admin/password_change/done/", gone),
    path("admin/", admin.site.urls),
]
if settings.DEV_TOOLS:
    urlpatterns += [path("dev/", include("skill_endpoint.simulator.urls"))]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler500 = errors.server_error
