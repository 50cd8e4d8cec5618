"""Whether GitHub knows our App, and sends it what it should."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from dexxy.common.crypto import UndecryptableSecretError
from dexxy.common.errors import DexxyError
from dexxy.doctor.finding import Finding, failed, notice, well
from dexxy.integrations.models import GitHubApp, GitHubInstallation
from dexxy.integrations.services.github.access.app import (
    NoAppError,
    app_client,
    app_current,
    app_refused,
)
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.api.refusals import server_time
from dexxy.integrations.services.github.connecting.app_registration import (
    EMAILS,
    EVENTS,
    PERMISSIONS,
    SIGN_IN_PATH,
    WEBHOOK_PATH,
    is_public,
    name_on_github,
)
from dexxy.integrations.services.github_client import Answer, GitHubClient

# GitHub refuses what an App signed by a clock that is more than a minute off.
CLOCK_MAY_BE_OFF = timedelta(seconds=30)
# Of the newest deliveries so many are looked at.
DELIVERIES = 50


def apps() -> Iterator[Finding]:
    """Look at the App that new connections are made with, then at others that are read by."""
    current: GitHubApp | None = None
    try:
        current = app_current()
        yield from _app(current)
    except NoAppError:
        yield notice(
            _("GitHub App"),
            _("None is registered: repositories are read by personal access token, on schedule."),
            _("Register one in one step at {url}/setup/github/.").format(
                url=settings.DEXXY_BASE_URL
            ),
        )
    except UndecryptableSecretError as error:
        yield _unreadable(error)
    used = GitHubApp.objects.filter(installations__in=GitHubInstallation.objects.live())
    for other in used.exclude(pk=current.pk if current else 0).distinct().order_by("pk"):
        name = other.slug or str(other.app_id)
        yield from (replace(one, name=f"{one.name} ({name})") for one in _app(other))


def _app(app: GitHubApp) -> Iterator[Finding]:
    try:
        with app_client(app) as client:
            yield from _known(app, client)
            yield from _webhook(app, client)
    except UndecryptableSecretError as error:
        yield _unreadable(error)
    except (errors.BadCredentialsError, errors.NotFoundError) as error:
        yield failed(_("GitHub App"), _("GitHub does not know it."), str(app_refused(error)))
    except DexxyError as error:
        yield failed(_("GitHub App"), _("GitHub could not be asked as the App."), str(error))


def _unreadable(error: UndecryptableSecretError) -> Finding:
    return failed(_("GitHub App"), _("Its secrets cannot be read."), str(error))


def _known(app: GitHubApp, client: GitHubClient) -> Iterator[Finding]:
    # https://docs.github.com/en/rest/apps/apps#get-the-authenticated-app
    answer = client.get("app")
    with answer_shape("App"):
        name, granted = answer.data["name"], answer.data["permissions"]
        events = answer.data["events"]
    yield well(
        _("GitHub App"), _("GitHub knows it as {name}, and takes its key.").format(name=name)
    )
    yield _clock(answer)
    missing = permissions_missing(granted)
    if is_public() and app.webhook_secret:
        missing += events_missing(events)
    # The manifest and the API have two names for it.
    if settings.DEXXY_SIGN_IN_GITHUB and not {EMAILS, "email_addresses"} & set(granted):
        missing.append("Email addresses: read (of accounts, for signing in)")
    page = app.html_url or _("its page on GitHub")
    if missing:
        yield failed(
            _("Permissions and events of the App"),
            _("It does not ask for: {list}.").format(list=", ".join(missing)),
            _(
                "Add them under Permissions & events at {page}, and let each account accept them."
            ).format(page=page),
        )
    else:
        yield well(_("Permissions and events of the App"), _("It asks for all that is needed."))
    if settings.DEXXY_SIGN_IN_GITHUB:
        yield _sign_in(page)


def _sign_in(page: str) -> Finding:
    """Name the second callback address: GitHub tells nobody which ones an App has."""
    return notice(
        _("Sign-in by GitHub"),
        _("GitHub has to send people back to {url}{sign_in_path}.").format(
            url=settings.DEXXY_BASE_URL, sign_in_path=SIGN_IN_PATH
        ),
        _(
            "See that this is one of the callback URLs at {page}: an App that was registered "
            "before Dexxy could do this has only the other one."
        ).format(page=page),
    )


def permissions_missing(granted: dict[str, str]) -> list[str]:
    """Return what is needed and not granted; any level includes reading."""
    return [
        f"{name_on_github(name)}: {level}"
        for name, level in PERMISSIONS.items()
        if name not in granted
    ]


def events_missing(subscribed: list[str]) -> list[str]:
    """Return the events that are needed and not subscribed to."""
    return [f"{name_on_github(event)} events" for event in EVENTS if event not in subscribed]


def _clock(answer: Answer) -> Finding:
    off = (server_time(answer.headers) or answer.asked_at) - answer.asked_at
    seconds = round(abs(off.total_seconds()))
    if abs(off) > CLOCK_MAY_BE_OFF:
        return failed(
            _("Clock"),
            (
                _("This machine's clock is {seconds} seconds slow.")
                if off > timedelta(0)
                else _("This machine's clock is {seconds} seconds fast.")
            ).format(seconds=seconds),
            _("Set it by NTP: GitHub refuses what is signed by a clock that is off."),
        )
    return well(_("Clock"), _("This machine's clock agrees with GitHub's."))


def _webhook(app: GitHubApp, client: GitHubClient) -> Iterator[Finding]:
    if not is_public():
        return  # The address says already that none can come.
    if not app.webhook_secret:
        yield _no_secret()
        return
    # https://docs.github.com/en/rest/apps/webhooks#get-a-webhook-configuration-for-an-app
    configured = client.get("app/hook/config").data.get("url")
    wanted = f"{settings.DEXXY_BASE_URL}{WEBHOOK_PATH}"
    if configured != wanted:
        yield failed(
            _("Webhook address"),
            _("GitHub sends to {configured}.").format(configured=configured or _("nowhere")),
            _("Set the App's webhook URL to {wanted}.").format(wanted=wanted),
        )
        return
    yield well(_("Webhook address"), _("GitHub sends to {wanted}.").format(wanted=wanted))
    # https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook
    deliveries = client.get("app/hook/deliveries", {"per_page": DELIVERIES}).data
    with answer_shape("deliveries"):
        yield _deliveries(deliveries)


def _no_secret() -> Finding:
    """Say what to do about an App whose webhooks nobody could tell from forged ones."""
    is_of_environment = settings.DEXXY_GITHUB_APP is not None
    fix = (
        _("Set DEXXY_GITHUB_WEBHOOK_SECRET, and the same secret on the App's page on GitHub.")
        if is_of_environment
        else _(
            "Register the App again at {url}/setup/github/, then disconnect and connect each"
            " workspace: what was read stays."
        ).format(url=settings.DEXXY_BASE_URL)
    )
    return failed(
        _("Webhook secret"), _("The App has none, so every webhook would be refused."), fix
    )


def _deliveries(deliveries: list[dict[str, Any]]) -> Finding:
    if not deliveries:
        return notice(
            _("Webhook deliveries"),
            _("GitHub has sent none for some days."),
            _("Wait for one, or comment."),
        )
    newest = deliveries[0]
    ago = timesince(datetime.fromisoformat(newest["delivered_at"]))
    if not 200 <= newest["status_code"] < 300:
        return failed(
            _("Webhook deliveries"),
            _("The newest, {ago} ago, failed: {status} ({status_code}).").format(
                ago=ago, status=newest["status"], status_code=newest["status_code"]
            ),
            _(
                "Check that the internet reaches {url}{webhook_path}. Nothing is lost: what "
                "failed is read back from GitHub's log."
            ).format(url=settings.DEXXY_BASE_URL, webhook_path=WEBHOOK_PATH),
        )
    lost = sum(not 200 <= one["status_code"] < 300 for one in deliveries)
    return well(
        _("Webhook deliveries"),
        _("The newest arrived {ago} ago; of the last {count}, {lost} failed.").format(
            ago=ago, count=len(deliveries), lost=lost or _("none")
        ),
    )
