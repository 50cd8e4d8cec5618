"""Where ten thousand threads and more wait, numbers say so and are not counted to their end."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from conftest import Ask
from dexxy.accounts.models import User, Workspace
from dexxy.messages.waiting.summary import MOST_COUNTED
from dexxy.sources.models import Source
from tests.factories import make_identity

# So many threads that somebody opened six hours ago, and in each of which they wait.
FILL = """
WITH t AS (
    INSERT INTO messages_thread (workspace_id, source_id, kind, number, node_id, title, state,
        state_reason, labels, url, author_id, opened_at, first_activity_at, last_activity_at,
        message_count, version_at, is_archived, archived_reason, moved_to_url, created_at,
        updated_at)
    SELECT %(workspace)s, %(source)s, 'issue', i, '', 'Thread ' || i, 'open', '', '{}', '',
           %(author)s, at, at, at, 1, at, false, '', '', at, at
    FROM (SELECT i, %(at)s - i * interval '1 second' AS at
          FROM generate_series(1, %(threads)s) i) made
    RETURNING id, opened_at
)
INSERT INTO messages_standing (thread_id, workspace_id, source_id, kind, side, reason, since,
    turned_at, others_replied, is_old, labels)
SELECT id, %(workspace)s, %(source)s, 'issue', 'team', 'no_reply', opened_at, opened_at, false,
       false, '{}'
FROM t
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("threads", "shown"), [(MOST_COUNTED, "10,000"), (MOST_COUNTED + 1, "10,000+")]
)
def test_ten_thousand_are_told_by_their_number_and_more_are_not(
    client: Client,
    ask: Ask,
    alice: User,
    workspace: Workspace,
    source: Source,
    threads: int,
    shown: str,
) -> None:
    given: dict[str, Any] = {
        "workspace": workspace.pk,
        "source": source.pk,
        "author": make_identity(workspace=workspace).pk,
        "at": timezone.now() - timedelta(hours=6),
        "threads": threads,
    }
    with connection.cursor() as cursor:
        cursor.execute(FILL, given)
        cursor.execute("ANALYZE messages_thread, messages_standing")
    client.force_login(alice)
    root = f"/w/{workspace.slug}"

    page = client.get(f"{root}/").content.decode()
    overview = client.get(f"{root}/insights/overview/?period=7d").content.decode()
    asked = "query ($w: ID!) { waitingSummary(workspaceId: $w) { total newer lists { number } } }"
    told = ask(asked, alice, w=workspace.pk)["data"]["waitingSummary"]

    assert f"<title>({shown}) Waiting" in page
    assert re.search(rf'id="n-band-3"[^>]*>{re.escape(shown)}<', page)
    assert re.search(rf"<b>{re.escape(shown)}</b>\s*threads", page)
    assert re.search(rf'n-waiting">{re.escape(shown)}<', page)
    assert re.search(rf"<dt>Waiting now</dt><dd><a [^>]*>{re.escape(shown)}</a>", overview)
    assert (told["total"], told["newer"], told["lists"][0]["number"]) == (threads,) * 3
