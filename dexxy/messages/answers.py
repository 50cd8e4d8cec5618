"""What counts as said and as an answer, and which threads are unanswered.

Lists, figures, the queue and `Thread.first_response_at` all ask here. The statements of others name
what is asked about: `m` is a message, `{row}` a thread.
"""

from collections.abc import Mapping

from dexxy.messages.models import MessageKind, ThreadKind

# What somebody says in a thread after its opening.
WORDS = (MessageKind.COMMENT, MessageKind.REPLY, MessageKind.REVIEW, MessageKind.REVIEW_COMMENT)
# Reasons for hiding a message that was an answer when it was given. Others, such as spam, are none.
_HIDDEN_BUT_SAID = ("resolved", "outdated", "duplicate")


def listed(values: tuple[str, ...]) -> str:
    """Return VALUES, which are words of our own, as SQL lists them."""
    return ", ".join(f"'{value}'" for value in values)


# Whether a message was not hidden as spam and so on. Said as one value: the planner guesses that
# hardly any row lacks a key.
IS_SAID = f"coalesce(lower(m.details->>'minimized') IN ({listed(_HIDDEN_BUT_SAID)}), true)"


# Whether what closed an issue settles it, and was not a hand alone. A pull request that a commit
# closes was not merged.
_WORK = ("commit", "pull_request")
IS_BY_WORK = f"m.details->'subject'->>'type' IN ({listed(_WORK)})"


def answer_if(*, is_said: str, is_by_work: str) -> str:
    """Return the SQL that tells whether a message is an answer, where another person wrote it.

    Words are one, a merge, which is the best answer that a pull request can get, and the commit or
    pull request that closes an issue.

    Args:
        is_said, is_by_work: SQL that tells the same as IS_SAID and IS_BY_WORK. It is looked at
            last.
    """
    return f"""(
    m.kind = 'merged' OR (m.kind IN ({listed(WORDS)}) AND {is_said})
    OR (m.kind = 'closed' AND m.thread_kind = 'issue' AND {is_by_work}))"""


IS_ANSWER = answer_if(is_said=IS_SAID, is_by_work=IS_BY_WORK)


def is_answer(of: ThreadKind, kind: MessageKind, details: Mapping[str, object]) -> bool:
    """Tell the same as IS_ANSWER of a message that is not stored yet.

    Args:
        of: the kind of its thread.
    """
    if kind == MessageKind.CLOSED:
        subject = details.get("subject")
        by = subject.get("type") if isinstance(subject, Mapping) else None
        return of == ThreadKind.ISSUE and by in _WORK
    return kind == MessageKind.MERGED or (kind in WORDS and is_said(details))


def is_said(details: Mapping[str, object]) -> bool:
    """Tell the same as IS_SAID of the details of a message."""
    reason = details.get("minimized")
    return reason is None or str(reason).lower() in _HIDDEN_BUT_SAID


def by_another_person(*, member: str, is_bot: str, opener: str) -> str:
    """Return the SQL that tells whether a person did something, and not who opened the thread.

    Args:
        member, is_bot: the member who did it, and whether that is a bot; NULL of a ghost.
        opener: the member who opened it; NULL where a ghost did.
    """
    return f"(NOT {is_bot} AND {member} IS DISTINCT FROM {opener})"


def nobody_waits(*, kind: str, is_bot: str) -> str:
    """Return the SQL that tells why nobody waits in a thread, by who opened it; NULL if one does.

    Args:
        kind: the kind of the account that opened it; NULL of a ghost. Who was imported and has
            claimed nothing cannot come back.
        is_bot: whether its member is a bot.
    """
    return (
        f"CASE WHEN {kind} IS NULL OR {kind} = 'mannequin' THEN 'ghost'"
        f" WHEN {is_bot} THEN 'bot' END"
    )


# Whether a thread that is live is unanswered: open, no draft, opened by a person, and nobody else
# has answered. What its own row says has an index, which has to say the same, `is_archived` beside
# it; who opened it is looked up for each of those, because members become bots and persons again.
IS_UNANSWERED = f"""(
    NOT {{row}}.is_archived AND {{row}}.state = 'open' AND {{row}}.state_reason <> 'draft'
    AND {{row}}.first_response_at IS NULL AND (
        SELECT ({nobody_waits(kind="opener.kind", is_bot="p.is_bot")}) IS NULL
        FROM members_identity opener JOIN members_member p ON p.id = opener.member_id
        WHERE opener.id = {{row}}.author_id))"""  # noqa: S608
