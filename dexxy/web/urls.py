from django.urls import path

from dexxy.web import (
    doctor,
    feed,
    github_setup,
    health,
    invitations,
    pages,
    repositories,
    sign_in,
    tokens,
)

urlpatterns = [
    path("", pages.home, name="home"),
    path("w/<slug:slug>/", feed.feed, name="feed"),
    path("w/<slug:slug>/newer/", feed.newer, name="feed_newer"),
    path("w/<slug:slug>/threads/<int:pk>/", feed.thread, name="thread"),
    path("w/<slug:slug>/repositories/", repositories.repositories, name="repositories"),
    path("doctor/", doctor.doctor, name="doctor"),
    path("w/<slug:slug>/repositories/add/", repositories.repositories_add, name="repositories_add"),
    path(
        "w/<slug:slug>/repositories/<int:pk>/disconnect/",
        repositories.repository_disconnect_page,
        name="repository_disconnect",
    ),
    path(
        "w/<slug:slug>/repositories/<int:pk>/<slug:action>/",
        repositories.repository_action,
        name="repository_action",
    ),
    path(
        "w/<slug:slug>/github/disconnect/",
        repositories.github_disconnect_page,
        name="github_disconnect",
    ),
    path("w/<slug:slug>/tokens/", tokens.tokens, name="tokens"),
    path("w/<slug:slug>/tokens/<int:pk>/revoke/", tokens.token_revoke, name="token_revoke"),
    path("setup/github/", github_setup.setup_github, name="setup_github"),
    path("setup/github/registered/", github_setup.github_registered, name="github_registered"),
    path("invitations/<str:secret>/", invitations.invitation, name="invitation"),
    path("sign-in/link/", sign_in.sign_in_by_link, name="sign_in_by_link"),
    # These stand before allauth's pages at the same addresses.
    path("accounts/password/reset/", sign_in.no_mail, name="no_mail"),
    path("accounts/password/reset/<path:rest>", sign_in.no_mail, name="no_mail"),
    path("accounts/confirm-email/", sign_in.no_mail, name="no_mail"),
    path("favicon.ico", pages.favicon, name="favicon"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
