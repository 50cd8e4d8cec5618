"""Which threads an export has: what somebody saw in the list when they asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.db.models import QuerySet

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.messages.feed.filters import ALL_THREADS, ThreadFilters
from dexxy.messages.feed.kept_filters import filters_read, filters_written
from dexxy.messages.feed.threads import threads_kept
from dexxy.messages.models import Thread
from dexxy.messages.thread_table import ThreadTab, tab_keeps


@dataclass(frozen=True)
class Selection:
    """A tab of the list of threads, and its filters."""

    tab: ThreadTab = ThreadTab.ALL
    filters: ThreadFilters = ALL_THREADS

    def written(self) -> dict[str, Any]:
        """Return it as JSON has it; nothing where it keeps all."""
        filters = filters_written(self.filters)
        tab = {} if self.tab is ThreadTab.ALL else {"tab": self.tab.value}
        return {**tab, **({"filters": filters} if filters else {})}

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Self:
        """Return what `written` wrote."""
        return cls(
            ThreadTab(written.get("tab", ThreadTab.ALL)), filters_read(written.get("filters", {}))
        )

    def threads(self, viewer: Viewer, workspace: Workspace) -> QuerySet[Thread]:
        """Return the threads of WORKSPACE, as VIEWER sees them: whose `assignee:me` it is."""
        return tab_keeps(threads_kept(viewer, workspace, self.filters), self.tab)
