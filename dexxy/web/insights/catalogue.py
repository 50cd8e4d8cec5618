"""All figures that the page shows, in its order."""

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dexxy.web.insights import answers, community, flows, growth, overview, rhythm
from dexxy.web.insights.cards import Card

OVERVIEW = Card(
    "overview",
    _("Overview"),
    _(
        "What people wrote, without bots; who took part, who for the first time; threads that"
        " were opened; how soon the team answered issues from outside; how many wait now."
    ),
    overview.overview,
    "on-the-page",
)
SECTIONS: Sequence[tuple[str | Promise, Sequence[Card]]] = (
    (
        _("What is written"),
        (
            Card(
                "messages",
                _("Messages"),
                _(
                    "What people said and did, without bots. Messages of accounts that are gone "
                    "count."
                ),
                rhythm.messages,
                "people",
            ),
            Card(
                "people",
                _("New and returning people"),
                _(
                    "People who said or did something. New is whose first act ever was in that "
                    "time."
                ),
                community.participants,
                "people",
            ),
            Card(
                "repositories",
                _("By repository"),
                _("What people said and did in each repository, and how many threads they opened."),
                rhythm.repositories,
                "people",
            ),
            Card(
                "hours",
                _("When people write"),
                _(
                    "Acts by weekday and hour, in the time zone of the workspace. It tells when "
                    "to be"
                    " around."
                ),
                rhythm.hours,
                "rhythm",
            ),
            Card(
                "bursts",
                _("Unusual weeks"),
                _(
                    "Complete weeks with far more acts than in the twelve before: more than the "
                    "mean and"
                    " twice the larger of standard deviation and root of the mean, and at least "
                    "ten."
                ),
                rhythm.bursts,
                "rhythm",
            ),
            Card(
                "bots",
                _("Bots"),
                _(
                    "Messages by bots, of all whose author is known. The one figure in "
                    "which bots"
                    " count."
                ),
                rhythm.bots,
                "rhythm",
            ),
        ),
    ),
    (
        _("How soon it is answered"),
        (
            Card(
                "first-response",
                _("Time to first response"),
                _(
                    "How long until another person, or the team, first spoke in a thread that was"
                    " opened in this time from outside the team. Who still waits counts for as "
                    "long as"
                    " they have waited."
                ),
                answers.responses,
                "durations",
            ),
            Card(
                "answers",
                _("Time to answer"),
                _(
                    "How long discussions opened from outside the team wait for their chosen "
                    "answer."
                ),
                answers.answers,
                "durations",
            ),
            Card(
                "time-to-close",
                _("Time to close"),
                _(
                    "How long until an issue or a discussion is closed for good, whoever closed it:"
                    " first what to expect of those that were opened, then what was worked off."
                ),
                answers.closings,
                "durations",
            ),
            Card(
                "waiting",
                _("Waiting for us at the end of the week"),
                _(
                    "How many threads were in the queue at the end of each week, or day: the team "
                    "owed the next word."
                ),
                answers.waiting,
                "waiting",
            ),
            Card(
                "issue-age",
                _("Age of open issues"),
                _("How old the issues are that are open now."),
                answers.ages,
                "durations",
            ),
        ),
    ),
    (
        _("What is opened and closed"),
        (
            Card(
                "issues",
                _("Issues"),
                _(
                    "New: opened in this time. Active: somebody wrote or did something in them. "
                    "Closed: open or not there yet at the beginning, and closed at the end. Open "
                    "after is open before plus new and reopened, less closed."
                ),
                flows.issues,
                "what-is-opened-and-closed",
            ),
            Card(
                "pull-requests",
                _("Pull requests"),
                _(
                    "As for issues; drafts are open, too. Closed of all that were open tells "
                    "whether the"
                    " team keeps up."
                ),
                flows.pull_requests,
                "what-is-opened-and-closed",
            ),
            Card(
                "discussions",
                _("Discussions"),
                _("As for issues."),
                flows.discussions,
                "what-is-opened-and-closed",
            ),
            Card(
                "review",
                _("Time to first review"),
                _(
                    "How long until another person first reviewed a pull request, commented on "
                    "its code"
                    " or merged it. A draft waits from when it is ready."
                ),
                answers.reviews,
                "durations",
            ),
            Card(
                "merge",
                _("Time to merge"),
                _("How long the pull requests of this time took that are merged by now."),
                answers.merges,
                "durations",
            ),
            Card(
                "acceptance",
                _("Merged or not"),
                _("What became of the pull requests that were merged or closed in this time."),
                flows.acceptance,
                "what-is-opened-and-closed",
            ),
            Card(
                "merge-reviews",
                _("Reviewed before the merge"),
                _(
                    "Of the pull requests merged in this time: reviewed by another person "
                    "before, or"
                    " merged by the opener without that. A review by a bot does not count."
                ),
                flows.merge_reviews,
                "what-is-opened-and-closed",
            ),
        ),
    ),
    (
        _("Who takes part"),
        (
            Card(
                "how-far",
                _("How far people go"),
                _(
                    "Of the people of this time: who opened a thread, a pull request, had one "
                    "merged,"
                    " reviewed somebody else's."
                ),
                community.how_far,
                "people",
            ),
            Card(
                "newcomers",
                _("New people"),
                _("Whose first act ever, in all repositories, was in this time. Greet them."),
                community.newcomers,
                "people",
            ),
            Card(
                "conversion",
                _("What became of new people"),
                _(
                    "Of the new people outside the team: who had a pull request merged within "
                    "180 days,"
                    " and who took part in another thread within 90."
                ),
                community.conversion,
                "people",
            ),
            Card(
                "occasional",
                _("Occasional people"),
                _("Who took part in at most two threads, of all who took part within a year."),
                community.occasional,
                "people",
            ),
            Card(
                "quiet",
                _("Regulars gone quiet"),
                _(
                    "Who took part in three threads or more in the year before, and has said "
                    "nothing for"
                    " 90 days. Write to them."
                ),
                community.quiet,
                "people",
            ),
            Card(
                "absence",
                _("How few people it rests on"),
                _("The fewest people who made half of all acts."),
                community.absence,
                "people",
            ),
            Card(
                "elephant",
                _("On how few organizations it rests"),
                _("The fewest organizations whose people made half of all acts."),
                community.elephant,
                "people",
            ),
            Card(
                "growth",
                _("Stars and forks"),
                _("How many there were at the end of each step, of all repositories together."),
                growth.growth,
                "growth",
            ),
        ),
    ),
)
CARDS: Mapping[str, Card] = {
    card.slug: card for card in (OVERVIEW, *(card for _name, cards in SECTIONS for card in cards))
}
