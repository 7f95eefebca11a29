from __future__ import annotations

from django.urls import path

from accounts.cognito import sign_in_again, views

urlpatterns = [
    path("cognito/login/", views.login, name="cognito_login"),
    path("cognito/login/callback/", views.callback, name="cognito_callback"),
    path("cognito/again/", sign_in_again.returned, name="sign_in_again_returned"),
    path("sign-in-again/", sign_in_again.sign_in_again, name="sign_in_again"),
    path("sign-up/", views.sign_up, name="sign_up"),
]
