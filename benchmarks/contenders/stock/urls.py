from __future__ import annotations

from django.urls import path

from benchmarks.contenders.stock import skill

urlpatterns = [path("alexa/", skill.alexa)]
