"""`get_member`: one person, with what they said and did."""

from typing import Any

from dexxy.common.sql import time_limit
from dexxy.mcp import answers, telling
from dexxy.mcp.arguments import MemberArguments
from dexxy.mcp.tool import MOST_BYTES, Call, Tool, WrongCallError, key_of, told_page
from dexxy.members.models import Member
from dexxy.members.who_may_see import MemberNotFoundError
from dexxy.messages.feed.filters import FeedFilters
from dexxy.messages.member_activity.counts import counts_of
from dexxy.messages.member_activity.lists import companions_of, waiting_of
from dexxy.messages.member_activity.page import MemberHead, member_head
from dexxy.messages.searching import named_thing
from dexxy.messages.selectors import feed_page

_MOST_NOTES, _MOST_ACCOUNTS = 10, 20
_LONGEST_NOTE = 500


def get_member(call: Call, taken: MemberArguments) -> answers.MemberAnswer:
    """Tell of a person, with a page of what they said and did."""
    head = member_head(call.viewer, call.workspace, _member_key(call, taken))
    filters = FeedFilters(member_ids=[head.member.pk])
    page = feed_page(call.viewer, call.workspace, filters, taken.limit, taken.cursor or None)
    told = [telling.found_message(call, row, taken.longest_text) for row in page.items]
    # The rest of the answer takes more room than that of others.
    shown, cursor = told_page(page, told, MOST_BYTES // 2)
    return answers.MemberAnswer(
        notice=call.marks.notice,
        member_id=str(head.member.pk),
        page=call.page(f"people/{head.member.pk}/"),
        is_bot=head.member.is_bot,
        is_team=head.is_team,
        tags=list(head.overview.profile.tags),
        accounts=_accounts(call, head),
        first_seen_at=head.member.first_seen_at,
        last_seen_at=head.member.last_seen_at,
        opened_threads=[
            answers.OpenedThreads(kind=kind, state=state, count=count)
            for (kind, state), count in head.opened.items()
        ],
        notes=_notes(call, head),
        messages=shown,
        next_cursor=cursor,
        **_profile(call, head),
        **_activity(call, head),
    )


def _member_key(call: Call, taken: MemberArguments) -> int:
    if bool(taken.member_id) == bool(taken.name):
        raise WrongCallError("Name the person by `member_id` or by `name`, one of them.")
    if taken.member_id:
        return key_of(taken.member_id)
    found = named_thing(call.viewer, call.workspace, taken.name)
    if not isinstance(found, Member):
        raise MemberNotFoundError(
            "Nobody here has exactly that login or name, or several people have:"
            " `search` with `find` people lists who is similar."
        )
    return found.pk


def _profile(call: Call, head: MemberHead) -> dict[str, Any]:
    fields = head.overview.profile.fields
    return {
        "name": call.marks.around(fields["display_name"].value),
        "bio": call.marks.around(fields["bio"].value),
        "company": call.marks.around(fields["company"].value),
        "location": call.marks.around(fields["location"].value),
        "organization": call.marks.around(head.overview.organization),
    }


def _accounts(call: Call, head: MemberHead) -> list[answers.Account]:
    return [
        answers.Account(
            server=one.provider, login=call.marks.bare(one.username), url=call.marks.bare(one.url)
        )
        for one in head.overview.accounts[:_MOST_ACCOUNTS]
    ]


def _notes(call: Call, head: MemberHead) -> list[answers.Note]:
    return [
        answers.Note(
            text=call.marks.around(telling.cut(note.text, _LONGEST_NOTE)),
            author=str(note.author) if note.author else "",
            written_at=note.written_at,
        )
        for note in head.overview.notes[:_MOST_NOTES]
    ]


def _activity(call: Call, head: MemberHead) -> dict[str, Any]:
    with time_limit():
        counts = head.kept.counts if head.kept else counts_of(head.asked, head.opened, call.now)
        companions = companions_of(head.asked, call.now)
        waiting = waiting_of(call.viewer, head.asked)
    return {
        "message_count": counts.messages,
        "messages_90_days": counts.recent,
        "waiting_threads": len(waiting.items),
        "talks_with": [
            answers.Companion(
                member_id=str(one.member.pk),
                name=call.marks.around(one.member.display_name),
                threads=one.threads,
                is_team=one.is_team,
            )
            for one in companions
        ],
    }


TOOL = Tool(
    name="get_member",
    title="One person",
    description="A person with all their accounts: profile, tags, notes of the team, how much they"
    " said and did (in all and in 90 days), what they opened, in how many threads they wait for the"
    " team (up to 100), with whom they talk, and their messages, the newest first. Addresses of"
    " mail are never told. Goes on by `next_cursor`.",
    takes=MemberArguments,
    tells=answers.MemberAnswer,
    run=get_member,
    points=20,
)
