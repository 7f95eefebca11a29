from __future__ import annotations

from django.urls import path

from skill_endpoint import views

urlpatterns = [
    path("alexa/", views.alexa, name="alexa"),
]
