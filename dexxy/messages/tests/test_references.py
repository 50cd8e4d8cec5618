"""What messages refer to is looked up by indexes."""

from typing import Any

import pytest
from django.db import connection

from dexxy.accounts.models import User, Workspace
from dexxy.messages.conversation.references import references_find
from dexxy.sources.models import Source
from tests.factories import make_identity

pytestmark = pytest.mark.django_db


def test_a_login_is_looked_up_by_its_index_in_capital_or_small_letters(
    alice: User, workspace: Workspace, source: Source
) -> None:
    mira = make_identity(workspace=workspace, username="Mira")
    for number in range(40):
        make_identity(workspace=workspace, username=f"mira-{number}")
    plans: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "members_identity" in sql:
            execute(f"EXPLAIN {sql}", params, many, context)
            plans.extend(line for (line,) in context["cursor"].fetchall())
        return execute(sql, params, many, context)

    with connection.cursor() as cursor:
        # Of tables as small as a test's a scan is cheapest: it stays where there is no other way.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("ANALYZE members_identity")
    with connection.execute_wrapper(explain):
        found = references_find(alice, workspace, source, threads=[], logins=["mira", "nobody"])

    assert found.members == {"mira": mira.member_id}
    assert any("members_identity_called" in line for line in plans)
    condition = next(line for line in plans if "Index Cond" in line and "lower" in line)
    assert "provider" in condition
