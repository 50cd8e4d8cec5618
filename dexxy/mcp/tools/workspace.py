"""`get_workspace`: what there is, to begin with."""

from dexxy.integrations.health import sync_health
from dexxy.mcp import answers
from dexxy.mcp.arguments import NoArguments
from dexxy.mcp.tool import Call, Tool
from dexxy.messages.waiting.summary import queue_summary
from dexxy.sources.selectors import visible_sources

_MOST_REPOSITORIES = 100


def get_workspace(call: Call, taken: NoArguments) -> answers.WorkspaceAnswer:
    """Tell what the workspace is, and how many wait."""
    sources = list(visible_sources(call.viewer, call.workspace))
    health = sync_health(call.viewer, call.workspace)
    return answers.WorkspaceAnswer(
        notice=call.marks.notice,
        name=call.workspace.name,
        page=call.page(),
        time_zone=call.workspace.time_zone,
        signed_in_as=str(call.viewer),
        now=call.now,
        repositories=[
            answers.Repository(name=one.name, url=one.url, last_activity_at=one.last_activity_at)
            for one in sources[:_MOST_REPOSITORIES]
        ],
        more_repositories=max(0, len(sources) - _MOST_REPOSITORIES),
        waiting=_waiting(call),
        team_size=len(call.team),
        is_stale=health.stands_still,
        synced_at=health.synced_at,
    )


def _waiting(call: Call) -> answers.Waiting:
    found = queue_summary(call.viewer, call.workspace)
    return answers.Waiting(
        total=found.total,
        over_30_days=found.bands[0],
        days_8_to_30=found.bands[1],
        days_2_to_7=found.bands[2],
        newer=found.bands[3],
        longest_since=found.longest,
        is_recounting=found.is_recounting,
    )


TOOL = Tool(
    name="get_workspace",
    title="What there is",
    description="The workspace that the token opens: its repositories, how many threads wait for an"
    " answer of the team and for how long, who you are signed in as, and whether the copy of the"
    " repositories is up to date. Call it first, to learn the names of repositories.",
    takes=NoArguments,
    tells=answers.WorkspaceAnswer,
    run=get_workspace,
    points=5,
)
