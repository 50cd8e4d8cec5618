from django.conf import settings
from django.urls import include, path

from dexxy.web import (
    doctor,
    exports,
    feed,
    github_setup,
    health,
    invitations,
    merging,
    pages,
    people,
    people_actions,
    pictures,
    repositories,
    sign_in,
    team,
    tokens,
)
from dexxy.web.frame import components, theme, views

urlpatterns = [
    path("", pages.home, name="home"),
    path("w/<slug:slug>/", feed.feed, name="feed"),
    path("w/<slug:slug>/newer/", feed.newer, name="feed_newer"),
    path("w/<slug:slug>/more/", views.more, name="more"),
    path("w/<slug:slug>/health/", views.health, name="health"),
    path("w/<slug:slug>/threads/<int:pk>/", feed.thread, name="thread"),
    path("w/<slug:slug>/people/", people.people, name="people"),
    path("w/<slug:slug>/people/<int:pk>/", people.member, name="member"),
    path("w/<slug:slug>/people/<int:pk>/erase/", people_actions.member_erase, name="member_erase"),
    path("w/<slug:slug>/people/<int:pk>/merge/", merging.member_merge, name="member_merge"),
    path(
        "w/<slug:slug>/people/<int:pk>/<slug:action>/",
        people_actions.member_action,
        name="member_action",
    ),
    path("w/<slug:slug>/merges/<int:pk>/undo/", merging.merge_undo, name="merge_undo"),
    path("w/<slug:slug>/suggestions/", people.suggestions, name="suggestions"),
    path(
        "w/<slug:slug>/suggestions/<int:pk>/<slug:action>/",
        merging.suggestion_action,
        name="suggestion_action",
    ),
    path("w/<slug:slug>/repositories/", repositories.repositories, name="repositories"),
    path("theme/", theme.theme, name="theme"),
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
    path("w/<slug:slug>/team/", team.team, name="team"),
    path(
        "w/<slug:slug>/team/<int:pk>/<slug:action>/",
        team.membership_action,
        name="membership_action",
    ),
    path(
        "w/<slug:slug>/invitations/<int:pk>/revoke/",
        team.invitation_action,
        name="invitation_revoke",
    ),
    path("w/<slug:slug>/tokens/", tokens.tokens, name="tokens"),
    path("w/<slug:slug>/tokens/<int:pk>/revoke/", tokens.token_revoke, name="token_revoke"),
    path(
        "w/<slug:slug>/exports/<int:pk>/delete/",
        exports.export_delete_action,
        name="export_delete",
    ),
    path("setup/github/", github_setup.setup_github, name="setup_github"),
    path("setup/github/registered/", github_setup.github_registered, name="github_registered"),
    path("invitations/<str:secret>/", invitations.invitation, name="invitation"),
    path("sign-in/link/", sign_in.sign_in_by_link, name="sign_in_by_link"),
    path("accounts/", include("dexxy.web.account_urls")),
    path("pictures/<str:signature>", pictures.picture, name="picture"),
    path("favicon.ico", pages.favicon, name="favicon"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]

# For who builds pages: each component with all its states.
if settings.DEBUG:
    urlpatterns += [path("_components/", components.components, name="components")]
