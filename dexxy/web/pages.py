"""What every page of a workspace does first."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from dexxy.accounts.first_run import account_is_unfinished, may_create_workspace
from dexxy.accounts.models import User, Workspace
from dexxy.accounts.reader import read_in
from dexxy.accounts.selectors import (
    AdminOnlyError,
    UnauthenticatedError,
    first_workspace,
    workspace_for,
)
from dexxy.common.crypto import Secret, UndecryptableSecretError, encrypt
from dexxy.common.errors import BadInputError, DexxyError, NotFoundError
from dexxy.common.sql import TooSlowError, deadline
from dexxy.web.wording.stored import told

# As long as a document of the API: a page that asks much, each quick enough by itself, holds a
# thread no longer. What is sent is done to its end, and what GitHub is asked has its own limits.
LONGEST_PAGE_SECONDS = 20.0


class PageRequest(HttpRequest):
    """A request as our views get it: signed in, and maybe sent by htmx."""

    user: User
    htmx: HtmxDetails


Page = Callable[Concatenate[PageRequest, Workspace, ...], HttpResponse]


def workspace_page(page: Page) -> Callable[..., HttpResponse]:
    """Give PAGE the workspace of the address; to whom it is not open, it does not exist."""

    return never_cache(require_safe(_with_workspace(_in_time(page))))


def workspace_form(page: Page) -> Callable[..., HttpResponse]:
    """Give PAGE the workspace of the address, like `workspace_page`; what it shows can be sent."""
    return never_cache(require_http_methods(["GET", "HEAD", "POST"])(_with_workspace(page)))


def workspace_action(page: Page) -> Callable[..., HttpResponse]:
    """Give PAGE the workspace of the address, like `workspace_page`; it is only sent to."""
    return never_cache(require_POST(_with_workspace(page)))


def _in_time(page: Page) -> Page:
    @wraps(page)
    def view(request: PageRequest, workspace: Workspace, **rest: Any) -> HttpResponse:
        with deadline(LONGEST_PAGE_SECONDS):
            return page(request, workspace, **rest)

    return view


def _with_workspace(page: Page) -> Callable[..., HttpResponse]:
    @wraps(page)
    def view(request: PageRequest, slug: str | int, **rest: Any) -> HttpResponse:
        try:
            workspace = workspace_for(request.user, slug)
            if isinstance(slug, str) and slug != workspace.slug and request.method != "POST":
                # What it was called before: links in mails and bookmarks last.
                return redirect(_moved(request, slug, workspace))
            read_in(workspace, request.user)
            return page(request, workspace, **rest)
        except UnauthenticatedError:
            return sign_in_first(request)
        except AdminOnlyError:
            return render(request, "403.html", {"workspace": workspace}, status=403)
        except NotFoundError as error:
            raise Http404(str(error)) from error
        except BadInputError:
            # Raising Django's BadRequest would log a traceback for every mistyped address.
            return render(request, "400.html", {"workspace": workspace}, status=400)
        except TooSlowError:
            return render(request, "web/too_slow.html", {"workspace": workspace}, status=503)

    return view


def _moved(request: PageRequest, slug: str, workspace: Workspace) -> str:
    """Return the address that was asked for, below what WORKSPACE is called now."""
    return request.get_full_path().replace(f"/w/{slug}/", f"/w/{workspace.slug}/", 1)


@never_cache
@require_safe
def home(request: PageRequest) -> HttpResponse:
    """Go to the first workspace of the viewer."""
    try:
        first = first_workspace(request.user)
    except UnauthenticatedError:
        return sign_in_first(request)
    if first is None:
        may_create = may_create_workspace(request.user)
        return render(request, "web/no_workspace.html", {"may_create": may_create})
    if not first.is_set_up and account_is_unfinished(request.user):
        return redirect("start_account")
    return redirect("waiting", first.slug)


def favicon(request: HttpRequest) -> HttpResponse:
    """Lead to our icon whoever asks at the address that no page names."""
    return redirect(static("dexxy/icon.svg"))


Done = TypeVar("Done")


def attempt(request: PageRequest, action: Callable[[], Done], done: str = "") -> Done | None:
    """Do something, and tell the person why if it cannot be done.

    Args:
        done: what to tell them where it can.

    Returns:
        what ACTION returned, or None where it cannot be done.

    Raises:
        NotFoundError, AdminOnlyError: what the decorators above answer.
    """
    try:
        result = action()
    except (NotFoundError, AdminOnlyError):
        raise
    except DexxyError as error:
        messages.error(request, told(str(error)))
        return None
    if done:
        messages.success(request, done)
    return result


def keep_for_once(request: PageRequest, name: str, secret: str) -> None:
    """Let the page that a redirect leads to show a secret: reloading that sends nothing again.

    On the way the secret is in the session, encrypted.
    """
    request.session[f"once: {name}"] = encrypt(secret)


def take_once(request: PageRequest, name: str) -> str:
    """Return what was kept by NAME, which is gone then; '' if nothing was."""
    if request.method == "HEAD":  # nobody sees the page
        return ""
    try:
        return Secret(request.session.pop(f"once: {name}", "")).read()
    except UndecryptableSecretError:  # the key was exchanged in between
        return ""


def wants_part(request: PageRequest, target: str) -> bool:
    """Say whether htmx asks only for the part of the page with the id TARGET."""
    return bool(request.htmx) and request.htmx.target == target


def back(request: HttpRequest, otherwise: str, *parts: object, row: str = "") -> HttpResponse:
    """Lead back to where a form was sent from: the same address, and the same row of it.

    Args:
        otherwise: the name of the address for a browser that does not say where it was.
        parts: those of that address.
        row: the id of what was acted on.
    """
    was = urlsplit(request.headers.get("Referer", ""))
    address = was._replace(scheme="", netloc="").geturl()
    # A page of somebody else's may not lead our readers on.
    if was.netloc != request.get_host() or not url_has_allowed_host_and_scheme(address, None):
        address = reverse(otherwise, args=parts)
    return redirect(f"{address.partition('#')[0]}#{row}" if row else address)


def sign_in_first(request: PageRequest) -> HttpResponse:
    """Lead whoever is not signed in to where they can, and back; say so to who was until now."""
    # A browser forgets the cookie of a session that is over; the page that asks is still open.
    if settings.SESSION_COOKIE_NAME in request.COOKIES or request.htmx:
        ended = _("Your session has ended. Sign in to go on.")
        lost = _("What you sent was not stored.") if request.method == "POST" else ""
        messages.info(request, f"{ended} {lost}".strip())
    if request.htmx:
        # A part of a page cannot hold the sign-in page: let the whole page go there.
        back = request.htmx.current_url_abs_path or reverse("home")
        return HttpResponseClientRedirect(redirect_to_login(back).url)
    # What was sent is lost: lead back to where it can be sent again.
    back = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("home")
    return redirect_to_login(back)
