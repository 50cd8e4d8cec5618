"""`search`: threads, messages or people, by the language of the search fields."""

from dexxy.mcp import answers, telling
from dexxy.mcp.arguments import SearchArguments
from dexxy.mcp.tool import Call, Tool, told_page
from dexxy.members.sorting import MemberSort
from dexxy.messages.selectors import feed_page, thread_list
from dexxy.people.directory import Listed, Person, people_page
from dexxy.web.search.grammar import Query
from dexxy.web.search.meaning import feed_filters, member_filters, thread_filters
from dexxy.web.search.qualifiers import Where

_WHERE = {"threads": Where.THREADS, "messages": Where.FEED, "people": Where.PEOPLE}


def search(call: Call, taken: SearchArguments) -> answers.SearchAnswer:
    """Tell a page of what a search finds in one list."""
    query = Query.parse(taken.query, _WHERE[taken.find])
    if taken.find == "threads":
        found = _threads(call, taken, query)
    elif taken.find == "messages":
        found = _messages(call, taken, query)
    else:
        found = _people(call, taken, query)
    return found.model_copy(update={"not_understood": list(query.problems)})


def _threads(call: Call, taken: SearchArguments, query: Query) -> answers.SearchAnswer:
    page = thread_list(
        call.viewer,
        call.workspace,
        thread_filters(query),
        taken.limit,
        taken.cursor or None,
        sort=taken.sort,
    )
    shown, cursor = told_page(page, telling.threads(call, page.items))
    return answers.SearchAnswer(notice=call.marks.notice, threads=shown, next_cursor=cursor)


def _messages(call: Call, taken: SearchArguments, query: Query) -> answers.SearchAnswer:
    page = feed_page(
        call.viewer, call.workspace, feed_filters(query), taken.limit, taken.cursor or None
    )
    told = [telling.found_message(call, row, taken.longest_text) for row in page.items]
    shown, cursor = told_page(page, told)
    return answers.SearchAnswer(notice=call.marks.notice, messages=shown, next_cursor=cursor)


def _people(call: Call, taken: SearchArguments, query: Query) -> answers.SearchAnswer:
    listed = Listed(segment=None, filters=member_filters(query))
    page = people_page(
        call.viewer,
        call.workspace,
        listed,
        MemberSort.LAST_SEEN,
        taken.limit,
        taken.cursor or None,
    )
    shown, cursor = told_page(page, [_person(call, one) for one in page.items])
    return answers.SearchAnswer(notice=call.marks.notice, people=shown, next_cursor=cursor)


def _person(call: Call, one: Person) -> answers.FoundPerson:
    account = one.overview.accounts[0]
    return answers.FoundPerson(
        login=call.marks.bare(account.username),
        name=call.marks.around(one.overview.profile.fields["display_name"].value),
        member_id=str(one.pk),
        is_bot=one.member.is_bot,
        is_team=one.is_on_team,
        page=call.page(f"people/{one.pk}/"),
        organization=call.marks.around(one.overview.organization),
        messages=one.overview.message_count,
        messages_90_days=one.summary.recent if one.summary else 0,
        waiting_threads=one.summary.waiting if one.summary else 0,
        first_seen_at=one.member.first_seen_at,
        last_seen_at=one.member.last_seen_at,
    )


TOOL = Tool(
    name="search",
    title="Search",
    description="Finds threads, messages or people of the workspace. The query has words and"
    " qualifiers, which all must hold; '' lists everything. Threads come by `sort` (the newest"
    " activity first), messages the newest first with the beginning of their text. What was written"
    " some seconds ago may not be found by its words yet. Goes on by `next_cursor`.",
    takes=SearchArguments,
    tells=answers.SearchAnswer,
    run=search,
)
