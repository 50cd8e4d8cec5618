"""`list_changes`: what was written since somebody looked last."""

from dexxy.common.times import aware
from dexxy.mcp import answers, telling
from dexxy.mcp.arguments import ChangesArguments
from dexxy.mcp.tool import Call, Tool, WrongCallError, fitting
from dexxy.messages.changes.reading import ChangesGoneError
from dexxy.messages.feed.filters import FeedFilters
from dexxy.messages.feed.following import ChangedMessage, Changes, StartAfreshError, feed_changes
from dexxy.messages.selectors import feed_page


class ChangesOverError(ChangesGoneError):
    """A cursor of changes that cannot be told any more."""


def list_changes(call: Call, taken: ChangesArguments) -> answers.ChangesAnswer:
    """Tell what was written, changed or removed behind a cursor, or from a time on."""
    if taken.cursor and taken.since:
        raise WrongCallError("Give `cursor` or `since`, not both.")
    if taken.cursor:
        return _behind(call, taken)
    # Where to begin is noted first: what is written meanwhile comes once more, and nothing is lost.
    start = feed_changes(call.viewer, call.workspace).end
    if taken.since is None:
        return answers.ChangesAnswer(notice=call.marks.notice, changes=[], next_cursor=start)
    kept = FeedFilters(since=aware(taken.since))
    page = feed_page(call.viewer, call.workspace, kept, taken.limit)
    found = [
        answers.Changed(
            message_id=str(row.pk), message=telling.found_message(call, row, taken.longest_text)
        )
        for row in page.items
    ]
    shown = fitting(found)
    return answers.ChangesAnswer(
        notice=call.marks.notice,
        changes=shown,
        next_cursor=start,
        older_left_out=page.has_more or len(shown) < len(found),
    )


def _behind(call: Call, taken: ChangesArguments) -> answers.ChangesAnswer:
    limit = taken.limit
    while True:
        page = _changes(call, taken.cursor, limit)
        told = [_changed(call, one, taken.longest_text) for one in page.items]
        # A page has one cursor, at its end: what does not fit is read by itself.
        if limit == 1 or len(fitting(told)) == len(told):
            break
        limit = max(1, limit // 2)
    return answers.ChangesAnswer(
        notice=call.marks.notice, changes=told, next_cursor=page.end, has_more=page.has_more
    )


def _changes(call: Call, cursor: str, limit: int) -> Changes:
    try:
        return feed_changes(call.viewer, call.workspace, limit, cursor)
    except StartAfreshError as error:
        raise ChangesOverError(
            "The changes behind this cursor are gone: call list_changes without a cursor, with"
            " `since`, and go on from the `next_cursor` that it answers."
        ) from error


def _changed(call: Call, one: ChangedMessage, longest: int) -> answers.Changed:
    told = None if one.is_removed else telling.found_message(call, one.message, longest)
    return answers.Changed(message_id=str(one.message.pk), is_removed=one.is_removed, message=told)


TOOL = Tool(
    name="list_changes",
    title="What is new",
    description="What was written, changed or removed since you looked last. First call it with"
    " `since` to catch up, and keep `next_cursor`; from then on call it with that `cursor`: every"
    " message that was written, edited or removed comes once for each change, in the order of"
    " writing, none lost. At once again while `has_more`. A cursor holds for a week, unless the"
    " operator chose another time.",
    takes=ChangesArguments,
    tells=answers.ChangesAnswer,
    run=list_changes,
)
