from __future__ import annotations

from django.urls import path

from accounts.oauth_trace import views

urlpatterns = [
    path("authorize", views.authorize, name="oauth_authorize"),
    path("callback", views.callback, name="oauth_callback"),
    path("token", views.token, name="oauth_token"),
]
