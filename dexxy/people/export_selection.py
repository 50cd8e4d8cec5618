"""What an export has of all that there is: chosen threads, members or entries of
the audit log, or one person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.db.models import QuerySet

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import WHOLE_LOG, AuditFilters, Viewer
from dexxy.messages.feed.filters import ALL_THREADS, ThreadFilters
from dexxy.messages.feed.kept_filters import filters_read, filters_written
from dexxy.messages.feed.threads import threads_kept
from dexxy.messages.models import Thread
from dexxy.messages.thread_table import ThreadTab, tab_keeps


@dataclass(frozen=True)
class Selection:
    """Which rows an export has; by default all of its kind.

    Args:
        tab: of an export of threads, a tab of their list.
        filters: of an export of threads, the filters of their list.
        member_ids: of an export of members, those who were selected; None for all.
        person: of an export of one person, the id of the member.
        log: of an export of the audit log, the filters of its page.
    """

    tab: ThreadTab = ThreadTab.ALL
    filters: ThreadFilters = ALL_THREADS
    member_ids: Sequence[int] | None = None
    person: int | None = None
    log: AuditFilters = WHOLE_LOG

    def written(self) -> dict[str, Any]:
        """Return it as JSON has it; nothing where it keeps all."""
        members = {} if self.member_ids is None else {"members": list(self.member_ids)}
        others = {
            "tab": "" if self.tab is ThreadTab.ALL else self.tab.value,
            "filters": filters_written(self.filters),
            "person": self.person,
            "log": _log_written(self.log),
        }
        return {**members, **{name: part for name, part in others.items() if part}}

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Self:
        """Return what `written` wrote."""
        return cls(
            tab=ThreadTab(written.get("tab", ThreadTab.ALL)),
            filters=filters_read(written.get("filters", {})),
            member_ids=written.get("members"),
            person=written.get("person"),
            log=_log_read(written.get("log", {})),
        )

    def threads(self, viewer: Viewer | None, workspace: Workspace) -> QuerySet[Thread]:
        """Return the threads of WORKSPACE, as VIEWER sees them: whose `assignee:me` it is."""
        return tab_keeps(threads_kept(viewer, workspace, self.filters).all, self.tab)


def _log_written(log: AuditFilters) -> dict[str, Any]:
    parts = {
        "actor": log.actor_id,
        "action": log.action,
        "since": log.since and log.since.isoformat(),
        "until": log.until and log.until.isoformat(),
    }
    return {name: part for name, part in parts.items() if part}


def _log_read(written: Mapping[str, Any]) -> AuditFilters:
    since, until = (written.get(name) for name in ("since", "until"))
    return AuditFilters(
        actor_id=written.get("actor"),
        action=written.get("action", ""),
        since=since and datetime.fromisoformat(since),
        until=until and datetime.fromisoformat(until),
    )


EVERYTHING = Selection()


@dataclass(frozen=True)
class Asked:
    """What somebody asked to be exported.

    Args:
        viewer: None where whoever runs this Dexxy asks.
    """

    workspace: Workspace
    viewer: Viewer | None = None
    selection: Selection = EVERYTHING
