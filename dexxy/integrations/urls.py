from django.urls import path

from dexxy.integrations import views

urlpatterns = [
    path("github/callback/", views.github_oauth_callback, name="github_oauth_callback"),
    path(
        "github/connected/<slug:slug>/<slug:change>/",
        views.github_connected,
        name="github_connected",
    ),
    path("github/connect/", views.github_connect, name="github_connect"),
]
