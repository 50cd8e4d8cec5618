"""What is done on a page leads back to its place on it, also without a script."""

import re
from typing import Any

from django.test import Client

from dexxy.accounts.models import User, Workspace
from dexxy.messages.models import TeamDecision
from dexxy.people.export_keeping import export_request
from dexxy.people.models import Export, Format
from tests.factories import make_identity
from tests.second_step import app_of


def test_what_was_done_leads_back_to_a_place_that_its_page_has(
    client: Client, alice: User, workspace: Workspace
) -> None:
    root = f"/w/{workspace.slug}/"
    client.force_login(alice)
    app_of(alice)
    mira, jo = (make_identity(workspace=workspace, username=name).member_id for name in "mj")
    TeamDecision.objects.create(workspace=workspace, member_id=jo, is_on_team=True)
    export_request(viewer=alice, workspace=workspace, what=Export.THREADS, form=Format.CSV)

    def leads(path: str, on: str = "", **sent: Any) -> str:
        """Return the place to which something leads that is sent from a page."""
        page = f"http://testserver{root}{on or path}"
        answer = client.post(root + path, sent, headers={"Referer": page})
        address, _, place = answer["Location"].partition("#")
        assert f'id="{place}"' in client.get(address).content.decode(), (path, place)
        return f"{address.removeprefix(root)}#{place}"

    def first(page: str, pattern: str) -> str:
        return str(re.findall(pattern, client.get(root + page).content.decode())[0])

    query = "people/?sort=name"
    assert leads("people/bulk/?sort=name", query, do="tag", tag="x", member=[mira, jo]) == (
        f"people/?sort=name#p{mira}"
    )
    assert leads("people/bulk/?sort=name", query, do="team", member=[mira]).endswith(f"#p{mira}")
    team = "settings/team/"
    for decision in ("off", "on"):
        assert leads(team, decision=decision, member=jo) == f"{team}#m{jo}"
    assert leads(team, decision="me", member=mira) == f"{team}#own"
    assert leads(team, decision="late", attention_after=3, late_after=9) == f"{team}#late"
    notes = f"people/{mira}/notes/"
    place = leads(notes, do="add", text="Likes ants.")
    assert place.startswith(f"{notes}#note")
    note = place.rpartition("note")[2]
    assert leads(notes, do="edit", note=note, text="Likes bees.") == place
    assert leads(notes, do="delete", note=note) == f"{notes}#notes"

    for name in ("CI", "CD"):
        client.post(f"{root}settings/tokens/", {"name": name, "scope": "read", "days": "30"})
        client.post(f"{root}settings/people/", {"role": "member", "days": "7"})
        client.post(f"{root}settings/notifications/feeds/", {"of": "waiting"})
    for page, path, row in (
        ("settings/tokens/", r"settings/tokens/\d+/revoke/", "tokens"),
        ("settings/people/", r"settings/invitations/\d+/revoke/", "invitations"),
        ("settings/notifications/", r"settings/notifications/feeds/\d+/revoke/", "feeds"),
        ("settings/data/", r"exports/\d+/delete/", "exports"),
    ):
        assert leads(first(page, rf'action="{root}({path})"'), page) == f"{page}#{row}"
