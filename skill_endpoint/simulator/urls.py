from __future__ import annotations

from django.urls import path

from skill_endpoint.simulator import sign_up, views
from skill_endpoint.simulator.forward import forward

urlpatterns = [
    path("alexa/", views.simulator, name="simulator"),
    path("alexa/say/", views.say, name="simulator_say"),
    path("alexa/act-as/", views.act_as, name="simulator_act_as"),
    path("alexa/new/", views.start_over, name="simulator_start_over"),
    path("alexa/undo/", views.undo, name="simulator_undo"),
    path("alexa/new-user/", views.start_as_new_user, name="simulator_new_user"),
    path("alexa/test/", views.save, name="simulator_save"),
    path("alexa/link/", views.link, name="simulator_link"),
    path("alexa/callback/", views.callback, name="simulator_callback"),
    path("alexa/refresh/", views.refresh, name="simulator_refresh"),
    path("alexa/unlink/", views.unlink, name="simulator_unlink"),
    path("alexa/forward", forward, name="simulator_forward"),
    path("alexa/forward/", forward),
    path("sign-up/", sign_up.sign_up, name="dev_sign_up"),
    path("sign-up/confirm/", sign_up.confirm, name="dev_sign_up_confirm"),
]
