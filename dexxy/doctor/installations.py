"""Whether each connection to GitHub can be read with."""

from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dexxy.common.errors import DexxyError
from dexxy.doctor.apps import events_missing, permissions_missing
from dexxy.doctor.finding import Finding, failed, notice, well
from dexxy.integrations.models import GitHubInstallation
from dexxy.integrations.services.github.access.app import installation_described
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.connecting.app_registration import is_public
from dexxy.integrations.services.github.scheduling.person_client import client_for_person

_ACCEPT = gettext_lazy(
    "An owner of the account accepts the new permissions on GitHub, under the App's settings."
)


def installations() -> Iterator[Finding]:
    """Look at each connection: is it alive, may it read, does GitHub take its token?"""
    linked = GitHubInstallation.objects.linked().select_related("workspace", "app", "credential")
    for installation in linked.order_by("pk"):
        yield _installation(installation)


def _installation(installation: GitHubInstallation) -> Finding:
    workspace = installation.workspace
    assert workspace is not None
    name = _("Connection of {slug}").format(slug=workspace.slug)
    what = _("{account} on {server}").format(
        account=installation.account_login, server=installation.server
    )
    if installation.deleted_at is not None:
        return failed(
            name,
            _("The App was removed from {what}.").format(what=what),
            _("Connect GitHub again."),
        )
    if installation.is_suspended:
        return failed(
            name,
            _("{what} suspended the App.").format(what=what),
            _("Whoever suspended it ends that on GitHub, in the App's settings."),
        )
    if installation.token_ends_soon:
        return _ends(installation, name, what)
    missing = permissions_missing(installation.permissions) if installation.app else []
    if missing:
        return failed(
            name,
            _("{what} does not grant: {list}.").format(what=what, list=", ".join(missing)),
            str(_ACCEPT),
        )
    credential = installation.credential
    if credential and credential.is_paused:
        return notice(name, credential.pause_reason, _("Nothing: it goes on by itself."))
    return _asked(installation, name, what)


def _ends(installation: GitHubInstallation, name: str, what: str) -> Finding:
    ends = installation.token_expires_at
    assert ends is not None
    assert installation.workspace is not None
    page = f"{settings.DEXXY_BASE_URL}/w/{installation.workspace.slug}/settings/github/"
    day = f"{ends:%Y-%m-%d}"
    fix = _("Make a new token on GitHub, and paste it at {page}: what was read stays.").format(
        page=page
    )
    if installation.token_is_over:
        ended = _("The token for {what} ended on {day}.").format(what=what, day=day)
        return failed(name, ended, fix)
    return notice(name, _("The token for {what} ends on {day}.").format(what=what, day=day), fix)


def _asked(installation: GitHubInstallation, name: str, what: str) -> Finding:
    """Ask GitHub with the connection's own token, and about it."""
    try:
        with client_for_person(installation) as client:
            # https://docs.github.com/en/rest/rate-limit: costs nothing.
            client.get("rate_limit")
        missing = _events_missing(installation)
    except DexxyError as error:
        return failed(name, _("{what} cannot be read.").format(what=what), str(error))
    if missing:
        return failed(
            name,
            _("GitHub sends nothing of {what} about: {list}.").format(
                what=what, list=", ".join(missing)
            ),
            str(_ACCEPT),
        )
    return well(name, _("GitHub lets Dexxy read {what}.").format(what=what))


def _events_missing(installation: GitHubInstallation) -> list[str]:
    """Return what the account gets no webhooks for: what it accepted may be less than the App asks.

    https://docs.github.com/en/rest/apps/apps#get-an-installation-for-the-authenticated-app
    """
    app, number = installation.app, installation.installation_id
    if app is None or number is None or not (app.webhook_secret and is_public()):
        return []
    described = installation_described(app, number)
    if described is None:
        return []  # Gone this very moment: the next reconcile says so.
    with answer_shape("installation"):
        return events_missing(described["events"])
