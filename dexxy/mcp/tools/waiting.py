"""`list_waiting`: who waits for an answer of the team."""

from dexxy.mcp import answers, telling
from dexxy.mcp.arguments import WaitingArguments
from dexxy.mcp.tool import Call, Tool, told_page
from dexxy.messages.models import Reason, Triage
from dexxy.messages.waiting.queue import WaitingThread, queue_page
from dexxy.web.search.grammar import Query
from dexxy.web.search.meaning import queue_filters
from dexxy.web.search.qualifiers import Where


def list_waiting(call: Call, taken: WaitingArguments) -> answers.WaitingAnswer:
    """Tell a page of the queue."""
    query = Query.parse(taken.query, Where.WAITING)
    page = queue_page(
        call.viewer,
        call.workspace,
        queue_filters(query, taken.list),
        taken.limit,
        taken.cursor or None,
    )
    shown, cursor = told_page(page, [_row(call, row, taken.longest_text) for row in page.items])
    return answers.WaitingAnswer(notice=call.marks.notice, threads=shown, next_cursor=cursor)


def _row(call: Call, row: WaitingThread, longest: int) -> answers.WaitingThread:
    held: Triage = getattr(row.thread, "triage", None) or Triage()
    waited = call.now - row.standing.since
    return answers.WaitingThread(
        thread=telling.thread(call, row.thread, {}),
        since=row.standing.since,
        waited_hours=round(waited.total_seconds() / 3600, 1),
        reason=Reason(row.standing.reason),
        others_replied=row.standing.others_replied,
        assignee=str(held.assignee) if held.assignee else "",
        snoozed_until=held.snoozed_until,
        note=call.marks.around(held.note),
        message=telling.message(call, row.message, longest) if row.message else None,
    )


TOOL = Tool(
    name="list_waiting",
    title="Who waits for an answer",
    description="Threads in which somebody waits for an answer of the team, in the order in which"
    " they should be answered: who has waited longest, in bands of over 30, 8 to 30, 2 to 7 days"
    " and newer, and in each band first those whom nobody has answered. Each has since when, for"
    " how many hours, why, who is assigned, and the beginning of what waits for an answer."
    " `get_thread` has the whole conversation. Goes on by `next_cursor`.",
    takes=WaitingArguments,
    tells=answers.WaitingAnswer,
    run=list_waiting,
)
