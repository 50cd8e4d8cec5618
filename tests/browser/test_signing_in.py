"""Passkeys, codes, and a provider elsewhere, in a real browser with the policy of our pages."""

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django import Settings

from dexxy.accounts.addresses import address_prove
from dexxy.accounts.models import User, Workspace
from tests import needs
from tests.browser.test_github import fits
from tests.factories import PASSWORD
from tests.oidc import Provider
from tests.second_step import code_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A device that has a fingerprint reader, which always says yes.
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def keys(page: Page) -> Any:
    """Give the browser a device that keeps passkeys; return what speaks with it."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    return cdp, made["authenticatorId"]


@pytest.fixture(autouse=True)
def refused(page: Page) -> list[str]:
    """What the browser refused because of the policy."""
    said: list[str] = []
    page.on(
        "console", lambda one: said.append(one.text) if "Content Security" in one.text else None
    )
    return said


def sign_in(page: Page, user: User) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()


def looks_well(page: Page, heading: str) -> None:
    """See that nothing sticks out, and that axe finds nothing in either scheme."""
    for width in (1440, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert fits(page, heading)
    cdp = page.context.new_cdp_session(page)
    cdp.send("Page.setBypassCSP", {"enabled": True})
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(needs.axe())
        found = page.evaluate("axe.run().then((found) => found.violations)")
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
    cdp.send("Page.setBypassCSP", {"enabled": False})


def test_a_passkey_is_made_signs_in_and_is_the_second_step_after_a_password(
    page: Page, alice: User, workspace: Workspace, keys: Any, refused: list[str]
) -> None:
    sign_in(page, alice)
    page.goto("/account/security/passkeys/")
    page.get_by_label("Name").fill("work laptop")
    page.get_by_role("button", name="Make the passkey").click()

    expect(page.get_by_role("heading", name="Signing in")).to_be_visible()
    expect(page.locator(".codes code")).to_have_count(10)
    expect(page.get_by_role("paragraph").filter(has_text="work laptop").first).to_be_visible()

    sign_out(page)
    page.goto(f"/accounts/login/?next=/w/{workspace.slug}/threads/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile(f"/w/{workspace.slug}/threads/$"))

    sign_out(page)
    sign_in(page, alice)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile(f"/w/{workspace.slug}/$"))
    cdp, which = keys
    [kept] = cdp.send("WebAuthn.getCredentials", {"authenticatorId": which})["credentials"]
    assert (kept["rpId"], kept["isResidentCredential"]) == ("localhost", True)
    assert refused == []


def test_who_gives_no_passkey_reads_what_else_they_can_do(
    page: Page, alice: User, keys: Any
) -> None:
    cdp, which = keys
    sign_in(page, alice)
    page.goto("/account/security/passkeys/")
    cdp.send("WebAuthn.setUserVerified", {"authenticatorId": which, "isUserVerified": False})

    page.get_by_role("button", name="Make the passkey").click()

    expect(page.get_by_role("alert")).to_contain_text(
        "The browser gave no passkey. Try again, or choose another way.", timeout=20_000
    )
    expect(page.get_by_role("button", name="Make the passkey")).to_be_enabled()


@pytest.mark.slow
def test_the_secret_of_the_picture_gives_codes_that_sign_in(
    page: Page, alice: User, workspace: Workspace
) -> None:
    sign_in(page, alice)
    page.goto("/account/security/app/")
    looks_well(page, "Add an authenticator app")
    secret = page.locator("code").inner_text().replace(" ", "")

    page.get_by_label("Code of the app").fill(code_of(secret))
    page.get_by_role("button", name="Add the app").click()

    expect(page.locator(".codes code")).to_have_count(10)
    looks_well(page, "Signing in")
    sign_out(page)
    sign_in(page, alice)
    looks_well(page, "Second step")
    page.get_by_label("Code").fill(code_of(secret, later=1))
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_url(re.compile(f"/w/{workspace.slug}/$"))


@pytest.mark.parametrize("leads_on", [False, True])
def test_a_provider_is_reached_through_the_policy_also_where_it_leads_on_to_another_host(
    page: Page,
    base_url: str,
    alice: User,
    oidc: Provider,
    settings: Settings,
    leads_on: bool,
    refused: list[str],
) -> None:
    settings.DEXXY_BASE_URL = base_url
    address_prove(alice)
    oidc.claims = {"sub": "a-1", "email": alice.email, "email_verified": True}
    oidc.leads_on = leads_on

    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with Ant Hill").click()

    expect(page.get_by_role("heading", name="You are in no workspace yet")).to_be_visible()
    assert refused == []


@pytest.mark.slow
def test_one_ends_a_session_in_another_browser(page: Page, alice: User, new_context: Any) -> None:
    other: BrowserContext = new_context(user_agent="Mozilla/5.0 (iPhone) Version/17.0 Safari/605")
    theirs = other.new_page()
    for one in (theirs, page):
        sign_in(one, alice)

    page.goto("/account/security/")
    asked = page.locator("details.asks").filter(has_text="Safari on iPhone")
    asked.locator("summary").click()
    asked.get_by_role("button", name="Sign out Safari on iPhone").click()

    expect(page.get_by_text("Safari on iPhone")).to_have_count(0)
    theirs.goto("/account/")
    expect(theirs.get_by_role("heading", name="Sign in")).to_be_visible()
