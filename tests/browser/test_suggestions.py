"""Suggestions in a real browser: decided and undone by one key each."""

import pytest
from playwright.sync_api import Page, expect

from dexxy.accounts.models import User, Workspace
from dexxy.members.merges.suggestion_answers import Suggested, suggestions_apply
from dexxy.members.models import MemberMerge, MergeSuggestion, SuggestionState
from tests.browser.test_frame import signed_in
from tests.factories import make_identity

__all__ = ["signed_in"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_pairs_are_decided_one_after_the_other_by_keys_and_undone(
    page: Page, alice: User, workspace: Workspace
) -> None:
    names = ("ada", "countess", "stranger")
    first, second, third = (
        make_identity(workspace=workspace, username=name).home_member_id for name in names
    )
    made = [Suggested(first, second, 0.9, []), Suggested(first, third, 0.8, [])]
    suggestions_apply(workspace.pk, made=made, withdrawn=[])
    sure, unsure = MergeSuggestion.objects.order_by("-score")
    page.goto(f"/w/{workspace.slug}/people/suggestions/")

    page.keyboard.press("n")
    expect(page.locator(f"#s{sure.pk}")).to_contain_text("are different people.")
    expect(page.locator(f"#s{unsure.pk}").get_by_role("link", name="ada")).to_be_focused()
    page.keyboard.press("u")
    expect(page.locator(f"#s{sure.pk}")).to_have_attribute("data-pair", "")
    expect(page.locator(f"#s{sure.pk}").get_by_role("link", name="ada")).to_be_focused()
    page.keyboard.press("y")
    expect(page.locator(f"#s{sure.pk}")).to_contain_text("are one person now.")
    sure.refresh_from_db()
    assert sure.state == SuggestionState.ACCEPTED
    page.keyboard.press("u")
    expect(page.locator(f"#s{sure.pk}")).to_contain_text("are two people again")
    assert not MemberMerge.objects.filter(undone_at=None).exists()
