import re

import pytest
from django.core.cache import cache
from django.test import Client

from dexxy.accounts.models import ListPage, SavedView, User, Workspace
from dexxy.accounts.saved_views import saved_view_save
from dexxy.sources.models import Source
from tests.factories import make_identity, make_message, make_thread, make_workspace

FORM = {"page": "feed", "name": "Bugs <3", "query": "label=bug&after=abc", "pinned": "yes"}


@pytest.fixture
def path(workspace: Workspace) -> str:
    return f"/w/{workspace.slug}/views/"


def test_what_a_page_shows_is_kept_and_opens_from_its_tab_and_from_the_sidebar(
    client: Client, bob: User, workspace: Workspace, path: str
) -> None:
    client.force_login(bob)

    answer = client.post(path, FORM, follow=True)

    view = SavedView.objects.get()
    [(address, _)] = answer.redirect_chain
    assert address.endswith(f"?label=bug&view={view.pk}")
    page = answer.content.decode()
    assert "The view is saved." in page
    assert '<bdi class="clip">Bugs &lt;3</bdi>' in page
    assert '" aria-current="page"><bdi>Bugs &lt;3</bdi></a>' in page


def test_to_send_the_form_twice_keeps_one_view(client: Client, bob: User, path: str) -> None:
    client.force_login(bob)

    client.post(path, FORM)
    client.post(path, FORM)

    assert SavedView.objects.count() == 1


def test_a_view_is_changed_by_its_own_form(
    client: Client, bob: User, workspace: Workspace, path: str
) -> None:
    client.force_login(bob)
    client.post(path, FORM)
    view = SavedView.objects.get()

    client.post(path, {"page": "feed", "name": "Docs", "query": "label=docs", "view": view.pk})

    view.refresh_from_db()
    assert (view.name, view.query, view.is_pinned) == ("Docs", "label=docs", False)


def test_why_a_view_is_not_kept_is_told_where_the_form_was(
    client: Client, bob: User, workspace: Workspace, path: str
) -> None:
    client.force_login(bob)
    at = {"Referer": f"http://testserver/w/{workspace.slug}/people/"}

    answer = client.post(path, {**FORM, "name": ""}, headers=at, follow=True)

    assert "Give the view a name of up to 60 characters." in answer.content.decode()
    assert client.post(path, {**FORM, "page": "nowhere"}).status_code == 400
    assert client.post(path, {**FORM, "view": "x"}).status_code == 404
    assert client.post(path, {**FORM, "view": str(10**18)}).status_code == 404
    assert not SavedView.objects.exists()


def test_a_view_is_deleted_after_a_question(
    client: Client, bob: User, workspace: Workspace, path: str
) -> None:
    client.force_login(bob)
    client.post(path, FORM)
    view = SavedView.objects.get()

    asked = client.get(f"{path}{view.pk}/delete/").content.decode()
    assert "What it lists stays." in asked
    assert SavedView.objects.exists()

    answer = client.post(f"{path}{view.pk}/delete/", follow=True)
    assert "The view Bugs &lt;3 is deleted." in answer.content.decode()
    assert client.post(f"{path}{view.pk}/delete/").status_code == 404


def test_the_address_of_a_view_that_is_gone_still_opens_and_says_so(
    client: Client, bob: User, workspace: Workspace
) -> None:
    client.force_login(bob)
    feed = f"/w/{workspace.slug}/feed/"

    for named in ("4711", "x", str(10**30)):
        page = client.get(f"{feed}?label=bug&view={named}").content.decode()
        assert "This view was deleted." in page


def test_only_who_may_change_a_view_is_offered_to(
    client: Client, alice: User, bob: User, workspace: Workspace, path: str
) -> None:
    view = saved_view_save(
        viewer=alice,
        workspace=workspace,
        page=ListPage.FEED,
        name="Ours",
        query="kind=review",
        is_shared=True,
    )
    address = f"?kind=review&view={view.pk}"

    for viewer, may in ((alice, True), (bob, False)):
        client.force_login(viewer)
        feed = f"/w/{workspace.slug}/feed/"
        page = client.get(feed + address).content.decode()
        assert (f"{path}{view.pk}/delete/" in page) is may
        assert client.get(f"{path}{view.pk}/delete/").status_code == (200 if may else 403)


def test_nobody_else_is_let_in(
    client: Client, charlie: User, workspace: Workspace, path: str
) -> None:
    assert client.post(path, FORM)["Location"].startswith("/accounts/login/")
    client.force_login(charlie)

    assert client.post(path, FORM).status_code == 404
    assert client.get(f"{path}pinned/").status_code == 404
    assert client.get(f"{path}1/delete/").status_code == 404
    assert not SavedView.objects.exists()


def test_what_takes_too_long_to_count_is_not_tried_by_every_page(
    client: Client, bob: User, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    client.force_login(bob)
    client.post(path, {**FORM, "page": "threads"})
    with monkeypatch.context() as patch:
        patch.setattr("dexxy.web.pinned._LONGEST_SECONDS", 0.0)
        first = client.get(f"{path}pinned/").content.decode()

    later = client.get(f"{path}pinned/").content.decode()

    assert first == later
    assert 'class="n"' not in later
    cache.clear()
    assert '<span class="n">0</span>' in client.get(f"{path}pinned/").content.decode()


def test_the_sidebar_has_the_views_of_its_workspace_alone(
    client: Client, bob: User, workspace: Workspace, path: str
) -> None:
    other = make_workspace(member=bob)
    client.force_login(bob)
    client.post(path, FORM)

    assert "Bugs" in client.get(f"{path}pinned/").content.decode()
    assert "Bugs" not in client.get(f"/w/{other.slug}/people/").content.decode()


def test_a_pinned_view_of_any_list_has_its_number(
    client: Client, bob: User, workspace: Workspace, source: Source, path: str
) -> None:
    thread = make_thread(source=source, author=make_identity(workspace=workspace, username="mira"))
    for _ in range(2):
        make_message(thread=thread, author=thread.author)
    client.force_login(bob)
    queries = {
        "feed": "q=type%3Acomment",
        "threads": "tab=open",
        "people": "q=mira&segment=everybody",
        "waiting": "",
    }
    for page, query in queries.items():
        client.post(path, {"page": page, "name": page, "query": query, "pinned": "yes"})

    part = client.get(f"{path}pinned/").content.decode()

    found = re.findall(r'<bdi class="clip">(\w+)</bdi><span class="n">(.*?)</span>', part)
    assert dict(found) == {"feed": "2", "threads": "1", "people": "1", "waiting": "0"}


def test_a_pinned_view_that_names_what_is_gone_has_no_number_and_stays(
    client: Client, bob: User, workspace: Workspace, path: str
) -> None:
    client.force_login(bob)
    for page, query in (("feed", "kind=gone"), ("people", "segment=gone"), ("threads", "tab=gone")):
        client.post(path, {"page": page, "name": page, "query": query, "pinned": "yes"})

    part = client.get(f"{path}pinned/").content.decode()

    assert part.count("<li>") == 3
    assert 'class="n"' not in part
