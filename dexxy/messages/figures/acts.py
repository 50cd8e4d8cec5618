"""Read acts: what people said and did in the live threads of a workspace."""
# ruff: noqa: S608
# The statements are put together from constants; values are parameters.

from dexxy.messages.figures.scope import LIVE, NOT_HIDDEN

# What the feed shows, without what was hidden as spam and so on.
_SHOWN = f"{LIVE} AND m.in_feed AND {NOT_HIDDEN}"
# Of a message `m`: in what the filters keep, whoever wrote it.
KEPT = f"""{_SHOWN}
      AND (%(sources)s::bigint[] IS NULL OR m.source_id = ANY(%(sources)s))
      AND (%(kinds)s::text[] IS NULL OR m.thread_kind = ANY(%(kinds)s))"""
# Messages that the filters keep.
MESSAGES = f"""
    messages_message m LEFT JOIN account author ON author.id = m.author_id
    WHERE {KEPT}
      AND (%(members)s::bigint[] IS NULL OR author.member_id = ANY(%(members)s))
"""
# The same without bots; and a discussion's closing, of which nobody is told who did it, is nobody's
# message.
WRITTEN = f"""{MESSAGES} AND author.is_bot IS NOT TRUE
 AND (m.author_id IS NOT NULL OR m.kind <> 'closed' OR m.thread_kind <> 'discussion')"""
# Acts of people that the filters keep.
ACTS = f"{MESSAGES} AND NOT author.is_bot"
IN_WINDOW = "m.occurred_at >= %(since)s AND m.occurred_at < %(until)s"
# Whether a person, `p.member_id`, did what some condition says, whatever the filters say: who is
# new is new everywhere.
HAS_ACTED = f"""
EXISTS (SELECT FROM members_identity i CROSS JOIN LATERAL (
            SELECT m.id FROM messages_message m
            WHERE {_SHOWN} AND m.author_id = i.id AND {{condition}} LIMIT 1) act
        WHERE i.member_id = p.member_id)"""
