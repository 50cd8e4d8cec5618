"""The GitHub App of this Dexxy: from the environment, or registered from the pages."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dexxy.common.crypto import Secret, UndecryptableSecretError
from dexxy.common.errors import DexxyError
from dexxy.integrations.models import GitHubApp
from dexxy.integrations.services.github.access.app_settings import AppSettings
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.api.server import GitHubServer, default_server
from dexxy.integrations.services.github_client import GitHubClient

# GitHub refuses a start in its future and an end more than ten minutes ahead, by its own clock.
# https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
_BEGINS = timedelta(seconds=-60)
_ENDS = timedelta(seconds=540)


class NoAppError(DexxyError):
    """No GitHub App is known for the server."""

    code = "no_github_app"


class AppRefusedError(errors.GitHubError):
    """GitHub does not take what the App signs for that of the App."""

    code = "github_app_refused"


def app_current() -> GitHubApp:
    """Return the App that new connections are made with.

    The one of the environment is kept as a row, too, for its installations and webhooks.

    Raises:
        NoAppError: there is none for the server that the environment names.
        UndecryptableSecretError: its secrets cannot be read, so nobody could connect with it.
    """
    server = default_server()
    given: AppSettings | None = settings.DEXXY_GITHUB_APP
    if given is not None:
        return _of_environment(given, server)
    app = GitHubApp.objects.filter(server=server.name).order_by("-pk").first()
    if app is None:
        raise NoAppError(
            _(
                "No GitHub App is registered yet. Whoever runs this Dexxy "
                "registers one, in one step, at /setup/github/."
            )
        )
    for secret in (app.client_secret, app.private_key, app.webhook_secret):
        secret.read()
    return app


def app_registered(pk: int) -> GitHubApp | None:
    """Return the App with our key PK, if there is one, whether its secrets can be read or not."""
    return GitHubApp.objects.filter(pk=pk).first()


def app_is_known() -> bool:
    """Say whether workspaces can be connected by an App."""
    if settings.DEXXY_GITHUB_APP is not None:
        return True
    return GitHubApp.objects.filter(server=default_server().name).exists()


def app_of_environment_store(app_id: int) -> None:
    """Store the App of the environment, if that is the one with GitHub's number APP_ID.

    Its webhooks may come before anybody here has asked for it.
    """
    given: AppSettings | None = settings.DEXXY_GITHUB_APP
    if given is not None and given.app_id == app_id:
        _of_environment(given, default_server())


def _of_environment(given: AppSettings, server: GitHubServer) -> GitHubApp:
    fields = {
        "client_id": given.client_id,
        "client_secret": given.client_secret,
        "private_key": given.private_key,
        "webhook_secret": given.webhook_secret,
        **_addresses(server),
    }
    key = {"server": server.name, "app_id": given.app_id}
    app = GitHubApp.objects.filter(**key).first()
    if app is None or any(not _is(getattr(app, name), value) for name, value in fields.items()):
        GitHubApp.objects.filter(**key).update(**fields) or GitHubApp.objects.get_or_create(
            **key, defaults=fields
        )
        app = GitHubApp.objects.get(**key)
    return app


def _is(stored: str | Secret, value: str) -> bool:
    """Say whether STORED is VALUE. What cannot be read is not: the environment has it."""
    try:
        return (stored.read() if isinstance(stored, Secret) else stored) == value
    except UndecryptableSecretError:
        return False


def _addresses(server: GitHubServer) -> dict[str, str]:
    return {
        "api_url": server.api_url,
        "graphql_url": server.graphql_url,
        "web_url": server.web_url,
    }


def app_store(server: GitHubServer, converted: dict[str, Any]) -> GitHubApp:
    """Store an App that was just registered.

    Args:
        converted: https://docs.github.com/en/rest/apps/apps#create-a-github-app-from-a-manifest

    Raises:
        UnexpectedAnswerError: it has another shape than the documented one.
    """
    with answer_shape("App"):
        app, _ = GitHubApp.objects.update_or_create(
            server=server.name,
            app_id=int(converted["id"]),
            defaults={
                "slug": converted["slug"],
                "html_url": converted["html_url"],
                "client_id": converted["client_id"],
                "client_secret": converted["client_secret"],
                "private_key": converted["pem"],
                "webhook_secret": converted["webhook_secret"] or "",
                **_addresses(server),
            },
        )
    return app


def app_jwt(app: GitHubApp, now: datetime | None = None) -> str:
    """Sign what proves to GitHub that we are APP, for the next nine minutes.

    Raises:
        AppRefusedError: the private key is none.
        UndecryptableSecretError: it cannot be decrypted.
    """
    # They bring most of `cryptography`, for the few processes that sign.
    import jwt
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    now = now or timezone.now()
    # The client id is recommended, but a GitHub Enterprise Server may be too old to know it.
    issuer = app.client_id if app.server == "github" else str(app.app_id)
    claims = {"iss": issuer, "iat": now + _BEGINS, "exp": now + _ENDS}
    pem = app.private_key.read().encode()
    try:
        # Whether its numbers are primes takes sixty times as long as to sign, and GitHub made them.
        key = load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
        return jwt.encode(claims, key, algorithm="RS256")  # type: ignore[arg-type]
    except (ValueError, TypeError, UnsupportedAlgorithm, jwt.exceptions.InvalidKeyError) as error:
        raise AppRefusedError(
            _(
                "The App's private key cannot be read. Make a new one on the App's "
                "page on GitHub, and put it into DEXXY_GITHUB_PRIVATE_KEY."
            )
        ) from error


def app_client(app: GitHubApp) -> GitHubClient:
    """Return a connection that speaks as APP itself, good for nine minutes.

    Raises:
        AppRefusedError: the private key is none.
    """
    return GitHubClient(api_url=app.api_url, graphql_url=app.graphql_url, token=app_jwt(app))


def app_refused(error: errors.GitHubError) -> AppRefusedError:
    """Say of a refusal of the App itself what can be done about it."""
    return AppRefusedError(
        gettext_noop(
            "GitHub does not accept the App's signature. Check that this machine's clock is right,"
            " that the App still exists, and that its private key was not deleted on GitHub."
            " GitHub said: {message}"
        ).format(message=error)
    )


def installation_described(app: GitHubApp, installation_id: int) -> dict[str, Any] | None:
    """Return an installation as GitHub describes it, or None where it is gone.

    Raises:
        AppRefusedError: the App itself is what GitHub does not know.
        GitHubError: GitHub could not be asked.
    """
    with app_client(app) as client:
        try:
            # https://docs.github.com/en/rest/apps/apps#get-an-installation-for-the-authenticated-app
            data: dict[str, Any] = client.get(f"app/installations/{installation_id}").data
        except errors.BadCredentialsError as error:
            raise app_refused(error) from error
        except errors.NotFoundError:
            try:
                client.get("app")  # An App that is gone itself is answered like this, too.
            except errors.NotFoundError as error:
                raise app_refused(error) from error
            return None
    return data


def app_page(app: GitHubApp) -> str:
    """Return the address of APP's page on GitHub, which is asked for the first time.

    Raises:
        GitHubError: GitHub could not be asked.
    """
    if not app.html_url:
        try:
            with app_client(app) as client:
                # https://docs.github.com/en/rest/apps/apps#get-the-authenticated-app
                found = client.get("app").data
        except errors.BadCredentialsError as error:
            raise app_refused(error) from error
        with answer_shape("App"):
            app.slug, app.html_url = found["slug"], found["html_url"]
        app.save(update_fields=["slug", "html_url", "updated_at"])
    return app.html_url
