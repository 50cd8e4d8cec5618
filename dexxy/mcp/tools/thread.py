"""`get_thread`: one conversation."""

from dexxy.common.pages import Cursor, Page
from dexxy.mcp import answers, telling
from dexxy.mcp.arguments import ThreadArguments
from dexxy.mcp.tool import Call, Tool, WrongCallError, fitting, key_of
from dexxy.messages.models import Message, Thread
from dexxy.messages.searching import named_thing
from dexxy.messages.selectors import ThreadNotFoundError, thread_for, thread_pages
from dexxy.messages.thread_table import assignees_of

# Behind every message that there is.
_END = str(Cursor(None, 2**63 - 1))


def get_thread(call: Call, taken: ThreadArguments) -> answers.ThreadAnswer:
    """Tell of a thread, with a page of its messages."""
    if taken.after and taken.before:
        raise WrongCallError("Give `after` or `before`, not both.")
    row = _thread(call, taken)
    backwards = bool(taken.before) or (taken.start == "end" and not taken.after)
    before = taken.before or _END if backwards else None
    page = thread_pages([row], taken.limit, taken.after or None, before=before)[row.pk]
    told = [telling.message(call, one, taken.longest_text) for one in page.items]
    # What does not fit is left out where the page ends that is not asked for next.
    shown = fitting(told[::-1])[::-1] if backwards else fitting(told)
    first = len(told) - len(shown) if backwards else 0
    [thread] = telling.threads(call, [row])
    return answers.ThreadAnswer(
        notice=call.marks.notice,
        thread=thread,
        state_reason=row.state_reason,
        category=telling.sorted_as(call, row, row.category),
        milestone=row.milestone,
        issue_type=row.issue_type,
        is_locked=row.is_locked,
        closed_at=row.closed_at,
        merged_at=row.merged_at,
        first_response_at=row.first_response_at,
        assignees=[call.marks.bare(name) for name in assignees_of(row)],
        messages=shown,
        **_cursors(page, first, first + len(shown), taken),
    )


def _thread(call: Call, taken: ThreadArguments) -> Thread:
    if bool(taken.thread_id) == bool(taken.reference):
        raise WrongCallError("Name the thread by `thread_id` or by `reference`, one of them.")
    if taken.thread_id:
        return thread_for(call.viewer, call.workspace, key_of(taken.thread_id))
    found = named_thing(call.viewer, call.workspace, taken.reference)
    if not isinstance(found, Thread):
        raise ThreadNotFoundError(
            "There is no such thread here, or several repositories have one with that number: write"
            " owner/repository#123."
        )
    return found


def _cursors(
    page: Page[Message], first: int, end: int, taken: ThreadArguments
) -> dict[str, str | None]:
    """Return where to go on behind and before the messages FIRST to END of PAGE."""
    if not page.items:
        return {}
    has_before = page.has_before if page.has_before is not None else bool(taken.after)
    # A page that was read from the end of the thread has nothing behind it.
    is_at_the_end = taken.start == "end" and not taken.before and not taken.after
    has_more = page.has_more and not is_at_the_end
    return {
        "next_cursor": str(page.cursors[end - 1]) if end < len(page.items) or has_more else None,
        "previous_cursor": str(page.cursors[first]) if first > 0 or has_before else None,
    }


TOOL = Tool(
    name="get_thread",
    title="One conversation",
    description="An issue, a pull request or a discussion with its messages, the oldest first: the"
    " opening, comments, reviews, and who closed or merged it. Long threads come in pages: go on by"
    " `after` with `next_cursor`, back by `before` with `previous_cursor`; `start` `end` begins"
    " with the newest messages. Texts are cut at `longest_text` characters. A message that its"
    " server hides, as spam for instance, comes without its text.",
    takes=ThreadArguments,
    tells=answers.ThreadAnswer,
    run=get_thread,
)
