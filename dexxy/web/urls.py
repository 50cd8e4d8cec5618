from collections.abc import Callable

from django.conf import settings
from django.http.response import HttpResponseBase
from django.urls import include, path
from django.views.generic import RedirectView

from dexxy.web import (
    atom,
    doctor,
    exports,
    feed,
    github_setup,
    health,
    invitations,
    merging,
    pages,
    pictures,
    repositories,
    repository_syncs,
)
from dexxy.web.demo import mails as demo_mails
from dexxy.web.directory import bulk, bulk_task, importing, organizations
from dexxy.web.directory import people as directory
from dexxy.web.docs.views import docs
from dexxy.web.frame import account, components, keyboard, theme, views
from dexxy.web.insights import pages as insights
from dexxy.web.mailing import pages as mailing
from dexxy.web.member import accounts, actions, activity, forms, suggestions, threads
from dexxy.web.pinned import pinned_views_part
from dexxy.web.rows import density
from dexxy.web.saved import actions as saved
from dexxy.web.search import views as searching
from dexxy.web.settings import (
    audit,
    danger,
    data,
    deliveries,
    general,
    github,
    github_keys,
    mail_server,
    notifications,
    sign_in_rules,
    tokens,
)
from dexxy.web.settings import people as people_roles
from dexxy.web.signing_in import (
    address,
    by_link,
    confirming,
    outside,
    second_step,
    security,
)
from dexxy.web.start import checklist, real
from dexxy.web.start import github as start_github
from dexxy.web.start import people as start_people
from dexxy.web.thread import views as thread
from dexxy.web.threads import columns, table
from dexxy.web.waiting import acts as waiting_acts
from dexxy.web.waiting import page as waiting
from dexxy.web.waiting import team as waiting_team
from dexxy.web.watch import metrics


def moved(name: str) -> Callable[..., HttpResponseBase]:
    """Lead whoever comes by an address of before to the page that is called NAME now."""
    return RedirectView.as_view(pattern_name=name, query_string=True)


urlpatterns = [
    path("", pages.home, name="home"),
    path("w/<slug:slug>/", waiting.waiting, name="waiting"),
    path("w/<slug:slug>/waiting/changed/", waiting.changed, name="waiting_changed"),
    path("w/<slug:slug>/waiting/how/", waiting.how, name="waiting_how"),
    path("w/<slug:slug>/waiting/undo/", waiting_acts.undo, name="waiting_undo"),
    path("w/<slug:slug>/waiting/<slug:action>/", waiting_acts.decide, name="waiting_decide"),
    path("w/<slug:slug>/feed/", feed.feed, name="feed"),
    path("w/<slug:slug>/feed.atom", atom.feed_atom, name="feed_atom"),
    path("w/<slug:slug>/feed/newer/", feed.newer, name="feed_newer"),
    path("w/<slug:slug>/feed/read/", feed.feed_read, name="feed_read"),
    path("w/<slug:slug>/more/", views.more, name="more"),
    path("w/<slug:slug>/search/", searching.search_page, name="search"),
    path("w/<slug:slug>/search/help/", searching.search_help, name="search_help"),
    path("w/<slug:slug>/search/palette/", searching.palette, name="palette"),
    path("w/<slug:slug>/go/", searching.go, name="go"),
    path("w/<slug:slug>/health/", views.health, name="health"),
    path("w/<slug:slug>/demo/mails/", demo_mails.demo_mails, name="demo_mails"),
    path("w/<slug:slug>/threads/", table.threads, name="threads"),
    path("w/<slug:slug>/threads/columns/", columns.columns, name="threads_columns"),
    path("w/<slug:slug>/threads/<int:pk>/", thread.thread, name="thread"),
    path("w/<slug:slug>/threads/<int:pk>/m/<int:message>/", thread.thread, name="thread_message"),
    path("w/<slug:slug>/views/", saved.saved_view_save_action, name="saved_view_save"),
    path("w/<slug:slug>/views/pinned/", pinned_views_part, name="pinned_views"),
    path(
        "w/<slug:slug>/views/<int:pk>/delete/",
        saved.saved_view_delete_page,
        name="saved_view_delete",
    ),
    path("w/<slug:slug>/people/", directory.people, name="people"),
    path("w/<slug:slug>/people/bulk/", bulk.people_bulk, name="people_bulk"),
    path("w/<slug:slug>/people/import/", importing.people_import, name="people_import"),
    path("w/<slug:slug>/people/tasks/<int:pk>/", bulk_task.people_task, name="people_task"),
    path("w/<slug:slug>/organizations/", organizations.organizations, name="organizations"),
    path("w/<slug:slug>/organizations/<str:key>/", organizations.organization, name="organization"),
    path(
        "w/<slug:slug>/organizations/<str:key>/merge/",
        organizations.merge,
        name="organization_merge",
    ),
    path(
        "w/<slug:slug>/organization-merges/<int:pk>/undo/",
        organizations.merge_undo,
        name="organization_merge_undo",
    ),
    path("w/<slug:slug>/people/suggestions/", suggestions.suggestions, name="suggestions"),
    path(
        "w/<slug:slug>/people/suggestions/<int:pk>/<slug:action>/",
        suggestions.suggestion_action,
        name="suggestion_action",
    ),
    path("w/<slug:slug>/people/<int:pk>/", activity.member, name="member"),
    path("w/<slug:slug>/people/<int:pk>/threads/", threads.member_threads, name="member_threads"),
    path(
        "w/<slug:slug>/people/<int:pk>/accounts/",
        accounts.member_accounts,
        name="member_accounts",
    ),
    path("w/<slug:slug>/people/<int:pk>/notes/", forms.member_notes, name="member_notes"),
    path("w/<slug:slug>/people/<int:pk>/edit/", forms.member_edit_form, name="member_edit"),
    path("w/<slug:slug>/people/<int:pk>/erase/", forms.member_erase, name="member_erase"),
    path("w/<slug:slug>/people/<int:pk>/merge/", merging.member_merge, name="member_merge"),
    path(
        "w/<slug:slug>/people/<int:pk>/<slug:action>/",
        actions.member_action,
        name="member_action",
    ),
    path("w/<slug:slug>/merges/<int:pk>/undo/", merging.merge_undo, name="merge_undo"),
    path("w/<slug:slug>/suggestions/", suggestions.suggestions_moved, name="suggestions_moved"),
    path("w/<slug:slug>/repositories/", repositories.repositories, name="repositories"),
    path("density/", density.density, name="density"),
    path("w/<slug:slug>/insights/", insights.insights, name="insights"),
    path("w/<slug:slug>/insights/how/", insights.how_counted, name="insights_how"),
    path("w/<slug:slug>/insights/<slug:figure>.csv", insights.figure_csv, name="insights_csv"),
    path("w/<slug:slug>/insights/<slug:figure>/", insights.one_figure, name="insights_figure"),
    path(
        "w/<slug:slug>/insights/<slug:figure>/<slug:rows>/",
        insights.figure_rows,
        name="insights_rows",
    ),
    path("theme/", theme.theme, name="theme"),
    path("keyboard/", keyboard.keyboard, name="keyboard"),
    path("doctor/", doctor.doctor, name="doctor"),
    path("docs/", docs, name="docs"),
    path("docs/<path:path>", docs, name="docs_page"),
    path(
        "w/<slug:slug>/repositories/sync/", repositories.repositories_sync, name="repositories_sync"
    ),
    path("w/<slug:slug>/repositories/add/", repositories.repositories_add, name="repositories_add"),
    path(
        "w/<slug:slug>/repositories/history/", repository_syncs.history, name="repositories_history"
    ),
    path("w/<slug:slug>/repositories/<int:pk>/", repository_syncs.repository, name="repository"),
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
    path("w/<slug:slug>/settings/", moved("settings_general")),
    path("w/<slug:slug>/settings/general/", general.general, name="settings_general"),
    path(
        "w/<slug:slug>/settings/mail-server/",
        mail_server.mail_server,
        name="settings_mail_server",
    ),
    path("w/<slug:slug>/settings/people/", people_roles.people, name="settings_people"),
    path(
        "w/<slug:slug>/settings/people/<int:pk>/<slug:action>/",
        people_roles.membership_action,
        name="membership_action",
    ),
    path(
        "w/<slug:slug>/settings/invitations/<int:pk>/revoke/",
        people_roles.invitation_action,
        name="invitation_revoke",
    ),
    path(
        "w/<slug:slug>/settings/people/rules/",
        sign_in_rules.rule_create,
        name="sign_in_rule_create",
    ),
    path(
        "w/<slug:slug>/settings/people/rules/organization/",
        sign_in_rules.rule_of_organization,
        name="organization_rule_create",
    ),
    path(
        "w/<slug:slug>/settings/people/rules/<int:pk>/delete/",
        sign_in_rules.rule_delete,
        name="sign_in_rule_delete",
    ),
    path("w/<slug:slug>/settings/team/", waiting_team.settings_team, name="settings_team"),
    path("w/<slug:slug>/settings/tokens/", tokens.tokens, name="settings_tokens"),
    path(
        "w/<slug:slug>/settings/tokens/<int:pk>/revoke/", tokens.token_revoke, name="token_revoke"
    ),
    path("w/<slug:slug>/settings/github/", github.github, name="settings_github"),
    path(
        "w/<slug:slug>/settings/notifications/",
        notifications.notifications,
        name="settings_notifications",
    ),
    path(
        "w/<slug:slug>/settings/notifications/private/",
        notifications.private,
        name="notifications_private",
    ),
    path(
        "w/<slug:slug>/settings/notifications/feeds/",
        notifications.feed_create,
        name="feed_address_create",
    ),
    path(
        "w/<slug:slug>/settings/notifications/feeds/<int:pk>/revoke/",
        notifications.feed_revoke,
        name="feed_address_revoke",
    ),
    path(
        "w/<slug:slug>/settings/notifications/endpoints/<int:pk>/",
        notifications.endpoint,
        name="endpoint",
    ),
    path(
        "w/<slug:slug>/settings/notifications/endpoints/<int:pk>/<slug:action>/",
        notifications.endpoint_action,
        name="endpoint_action",
    ),
    path(
        "w/<slug:slug>/settings/notifications/deliveries/<int:pk>/redeliver/",
        notifications.redeliver,
        name="endpoint_redeliver",
    ),
    path("w/<slug:slug>/settings/notifications/mail/", mailing.mail_page, name="settings_mail"),
    path(
        "w/<slug:slug>/settings/notifications/mail/test/",
        mailing.mail_test_action,
        name="mail_test",
    ),
    path("unsubscribe/<str:code>/", mailing.unsubscribe_page, name="unsubscribe"),
    path("w/<slug:slug>/settings/data/", data.data, name="settings_data"),
    path("w/<slug:slug>/settings/danger/", danger.danger, name="settings_danger"),
    path("w/<slug:slug>/settings/audit/", audit.audit, name="settings_audit"),
    path("w/<slug:slug>/settings/deliveries/", deliveries.deliveries, name="settings_deliveries"),
    path(
        "w/<slug:slug>/settings/deliveries/missed/",
        deliveries.deliveries_missed,
        name="deliveries_missed",
    ),
    path(
        "w/<slug:slug>/settings/deliveries/<int:pk>/",
        deliveries.delivery,
        name="settings_delivery",
    ),
    path(
        "w/<slug:slug>/settings/deliveries/<int:pk>/again/",
        deliveries.delivery_again,
        name="settings_delivery_again",
    ),
    path(
        "w/<slug:slug>/settings/deliveries/<int:pk>/ask/",
        deliveries.delivery_ask,
        name="settings_delivery_ask",
    ),
    path("w/<slug:slug>/team/", moved("settings_people")),
    path("w/<slug:slug>/settings/invitations/", moved("settings_people")),
    path("w/<slug:slug>/tokens/", moved("settings_tokens")),
    path("account/", account.account, name="account"),
    path("account/zone/", account.zone, name="account_zone"),
    path("account/address/", address.address, name="account_address"),
    path("account/address/<str:code>/", address.confirm, name="account_address_confirm"),
    path(
        "w/<slug:slug>/exports/<int:pk>/delete/",
        exports.export_delete_action,
        name="export_delete",
    ),
    path("start/", moved("start_account")),
    path("start/real/", real.start_real, name="start_real"),
    path("start/account/", start_people.account, name="start_account"),
    path("start/workspace/", start_people.workspace, name="start_workspace"),
    path("start/connect/", start_github.connect, name="start_connect"),
    path("start/sync/", start_github.sync, name="start_sync"),
    path("start/team/", start_people.team, name="start_team"),
    path("w/<slug:slug>/checklist/close/", checklist.checklist_close, name="checklist_close"),
    path("setup/github/", github_setup.setup_github, name="setup_github"),
    path("setup/github/<int:pk>/keys/", github_keys.github_keys, name="github_keys"),
    path("setup/github/registered/", github_setup.github_registered, name="github_registered"),
    path("invitations/<str:secret>/", invitations.invitation, name="invitation"),
    path("sign-in/link/", by_link.sign_in_by_link, name="sign_in_by_link"),
    path("sign-in/mail/", by_link.ask_for_mail, name="ask_for_mail"),
    path("sign-in/password/", by_link.new_password, name="new_password"),
    path("account/security/", security.security, name="account_security"),
    path("account/security/again/", confirming.sign_in_again, name="account_sign_in_again"),
    path("account/security/app/", security.app, name="account_app"),
    path("account/security/app/remove/", security.app_end, name="account_app_remove"),
    path("account/security/codes/", security.codes, name="account_codes"),
    path("account/security/passkeys/", security.passkey, name="account_passkey"),
    path(
        "account/security/passkeys/<int:pk>/<slug:action>/",
        security.passkey_action,
        name="account_passkey_action",
    ),
    path("account/security/sessions/end/", security.sessions_action, name="account_sessions_end"),
    path(
        "account/security/sessions/<int:pk>/end/",
        security.session_action,
        name="account_session_end",
    ),
    path("accounts/", include("dexxy.web.account_urls")),
    # By the names that allauth looks for.
    path("accounts/2fa/authenticate/", second_step.authenticate, name="mfa_authenticate"),
    path("accounts/2fa/reauthenticate/", second_step.reauthenticate, name="mfa_reauthenticate"),
    path(
        "accounts/2fa/webauthn/reauthenticate/",
        second_step.reauthenticate_by_passkey,
        name="mfa_reauthenticate_webauthn",
    ),
    path("accounts/2fa/webauthn/login/", second_step.sign_in_by_passkey, name="mfa_login_webauthn"),
    path("accounts/github/login/", outside.to_github, name="github_login"),
    path("accounts/github/login/callback/", outside.from_github, name="github_callback"),
    path("accounts/oidc/login/", outside.to_oidc, name="oidc_login"),
    path("accounts/oidc/login/callback/", outside.from_oidc, name="oidc_callback"),
    path("pictures/<str:signature>", pictures.picture, name="picture"),
    path("favicon.ico", pages.favicon, name="favicon"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]

# For who builds pages: each component with all its states.
if settings.DEBUG:
    urlpatterns += [path("_components/", components.components, name="components")]
