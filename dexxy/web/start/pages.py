"""The pages of the first run: one list, and what each of them does first."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dexxy.accounts.first_run import account_is_unfinished
from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import (
    AdminOnlyError,
    UnauthenticatedError,
    require_admin,
    workspace_for,
    workspaces_administered,
)
from dexxy.common.errors import NotFoundError
from dexxy.web.pages import PageRequest, sign_in_first
from dexxy.web.start.progress import steps_done

Page = Callable[[PageRequest, Workspace | None], HttpResponse]


@dataclass(frozen=True)
class StartPage:
    """A page of the first run, which its reader knows as a step.

    Args:
        number: its place, from 1 on.
    """

    number: int
    name: str | Promise
    url_name: str


START_PAGES = (
    StartPage(1, _("Your account"), "start_account"),
    StartPage(2, _("Workspace"), "start_workspace"),
    StartPage(3, _("Connect GitHub"), "start_connect"),
    StartPage(4, _("First sync"), "start_sync"),
    StartPage(5, _("Your team"), "start_team"),
)


def start_page(page: Page) -> Callable[..., HttpResponse]:
    """Give PAGE the workspace that the address names, or the viewer's own where it names none.

    Whoever has not completed their account does that first.
    """

    @wraps(page)
    def view(request: PageRequest) -> HttpResponse:
        try:
            workspace = _workspace(request)
            is_first = request.resolver_match and request.resolver_match.url_name == "start_account"
            if account_is_unfinished(request.user) and not is_first:
                return redirect("start_account")
            return page(request, workspace)
        except UnauthenticatedError:
            return sign_in_first(request)
        except AdminOnlyError:
            return render(request, "403.html", status=403)
        except NotFoundError as error:
            raise Http404(str(error)) from error

    return never_cache(require_http_methods(["GET", "HEAD", "POST"])(view))


def start_address(url_name: str, workspace: Workspace) -> str:
    """Return where a page of the first run of WORKSPACE is."""
    return f"{reverse(url_name)}?{urlencode({'workspace': workspace.slug})}"


def show(
    request: PageRequest,
    workspace: Workspace | None,
    url_name: str,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Show the page that is called URL_NAME, with where it stands among the others."""
    current = next(one for one in START_PAGES if one.url_name == url_name)
    following = next((one for one in START_PAGES if one.number == current.number + 1), None)
    context |= {
        "start_pages": START_PAGES,
        "current": current,
        "done": steps_done(request.user, workspace),
        # Not `workspace`: there is no frame around these pages yet.
        "place": workspace,
        "next": following and workspace and start_address(following.url_name, workspace),
    }
    name = url_name.removeprefix("start_")
    return render(request, f"web/start/{name}.html", context, status=status)


def _workspace(request: PageRequest) -> Workspace | None:
    slug = request.GET.get("workspace", "")
    if not slug:
        return next(iter(workspaces_administered(request.user)), None)
    found = workspace_for(request.user, slug)
    require_admin(request.user, found)
    return found
