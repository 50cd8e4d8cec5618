"""Each page there is, light or dark, and narrow: nothing sticks out, axe finds nothing.

The slow test looks at each of them in each way.
"""

from collections.abc import Sequence
from itertools import cycle

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, include, path
from django.views.csrf import csrf_failure
from playwright.sync_api import Browser

from dexxy.config import urls as product
from dexxy.web import account_urls, urls
from dexxy.web.tests.test_access import ACTIONS
from tests.browser.looks import DARK, LIGHT, PHONE, Look, complaints, open_page
from tests.every_page import Opened, every_page, pages

__all__ = ["every_page", "pages"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls(__name__),
]

# Answers that are no page of their own: a part of one, a file, or nothing to look at.
NO_PAGES = {
    *("feed_newer", "pinned_views", "palette", "health", "insights_csv", "picture", "feed_atom"),
    *("favicon", "healthz", "readyz", "metrics", "theme", "density", "keyboard", "account_zone"),
    # They lead on.
    *("home", "suggestions_moved", "mfa_login_webauthn", "mfa_reauthenticate"),
    *("github_login", "github_callback", "oidc_login", "oidc_callback", "github_registered"),
    *("account_app_remove", "account_codes", "account_passkey_action"),
    *("account_session_end", "account_sessions_end", "account_logout"),
    *("account_inactive", "account_reauthenticate", "account_set_password"),
    # allauth's, instead of which `account_reset_password` stands.
    *(one.name for one in account_urls.urlpatterns if one.name not in account_urls.OPEN),
}
# So that machines with much else to do are in time.
PARTS = 8
# Looked at while somebody gets there.
ELSEWHERE = {
    # test_signing_in.py
    *("account_security", "account_app", "account_passkey", "mfa_authenticate"),
    "mfa_reauthenticate_webauthn",
    # With a code that a mail has: dexxy/web/signing_in/tests.
    "account_address_confirm",
    # test_documentation.py
    *("docs", "docs_page"),
}


def error(request: HttpRequest, name: str) -> HttpResponse:
    """Go wrong as NAME says."""
    if name == "csrf":
        return csrf_failure(request)
    if name == "slow":
        return render(request, "web/too_slow.html", status=503)
    raise OperationalError if name == "away" else RuntimeError


handler500 = product.handler500
urlpatterns = [path("_error/<slug:name>/", error), path("", include(product.urlpatterns))]


def complaints_of(
    browser: Browser, base_url: str, every_page: Opened, looks: Sequence[Look], part: int = 0
) -> list[str]:
    """Open each page in one of some looks, in turns.

    Args:
        part: which of PARTS is looked at, from 1; 0 for all.
    """
    found, turns, parts = list[str](), cycle(looks), cycle(range(1, PARTS + 1))
    wrong = {name: f"/_error/{name}/" for name in ("csrf", "slow", "away", "broken")}
    for viewer, theirs in [*every_page, (None, wrong)]:
        with open_page(browser, base_url, viewer) as page:
            for name, address in theirs.items():
                if name not in NO_PAGES and part in (0, next(parts)):
                    found += complaints(page, address, next(turns))
    return found


# One part shows whether a change of the frame or of the stylesheet broke something.
@pytest.mark.parametrize(
    "part", [1, *(pytest.param(part, marks=pytest.mark.slow) for part in range(2, PARTS + 1))]
)
def test_each_page_fits_and_is_accessible_in_light_or_dark(
    browser: Browser, base_url: str, every_page: Opened, part: int
) -> None:
    assert complaints_of(browser, base_url, every_page, [LIGHT, DARK], part) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("look", [LIGHT, DARK, PHONE], ids=["light", "dark", "phone"])
def test_each_page_fits_and_is_accessible_in_each_look(
    browser: Browser, base_url: str, every_page: Opened, look: Look
) -> None:
    assert complaints_of(browser, base_url, every_page, [look]) == []


def test_no_page_is_forgotten_here(every_page: Opened) -> None:
    opened = {name for _viewer, theirs in every_page for name in theirs}
    known = [*urls.urlpatterns, *account_urls.urlpatterns]
    named = {one.name for one in known if isinstance(one, URLPattern) and one.name}

    assert named - opened - ACTIONS - NO_PAGES - ELSEWHERE == set()
    assert (NO_PAGES | ELSEWHERE) - named == set()
