from __future__ import annotations

from django.urls import path

from accounts.cognito import views

urlpatterns = [
    path("cognito/login/", views.login, name="cognito_login"),
    path("cognito/login/callback/", views.callback, name="cognito_callback"),
    path("sign-up/", views.sign_up, name="sign_up"),
]
