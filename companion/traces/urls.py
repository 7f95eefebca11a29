from __future__ import annotations

from django.urls import path

from companion.traces import views

urlpatterns = [
    path("", views.traces, name="traces"),
    path("attempts.csv", views.file, name="traces_file"),
    path("find/", views.find, name="traces_find"),
    path("on/", views.switch_on, name="traces_on"),
    path("off/", views.switch_off, name="traces_off"),
    path("<str:reference>/", views.attempt, name="trace"),
    path("<str:reference>/report.json", views.report_json, name="trace_report_json"),
    path("<str:reference>/report.md", views.report_text, name="trace_report_text"),
    path("<str:reference>/pin/", views.pin, name="trace_pin"),
    path("<str:reference>/delete/", views.delete, name="trace_delete"),
]
