"""All figures that the page shows, in its order."""

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dexxy.messages.figures.periods import YEAR
from dexxy.web.insights import answers, community, flows, growth, overview, rhythm
from dexxy.web.insights.cards import Card

OVERVIEW = Card(
    "overview",
    _("Overview"),
    _(
        "What people wrote, without bots; who took part, and who for the first time; threads that"
        " were opened; how soon the team first answered issues of others; how many wait now."
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
                _("People who said or did something. New is who had never done so before."),
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
                    "What people said and did by weekday and hour, in the time zone of the"
                    " workspace. It tells when to be around."
                ),
                rhythm.hours,
                "rhythm",
            ),
            Card(
                "bursts",
                _("Unusual weeks"),
                _(
                    "Complete weeks in which people said and did far more than in the twelve"
                    " before: more than the mean plus twice the larger of standard deviation and"
                    " root of the mean, and at least ten contributions."
                ),
                rhythm.bursts,
                "rhythm",
            ),
            Card(
                "bots",
                _("Bots"),
                _("Messages by bots, of all whose author is known. No other figure counts bots."),
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
                    "How long until another person, or the team, first spoke in a thread that"
                    " somebody outside the team opened in this time. Whoever still waits counts"
                    " for as long as they have waited."
                ),
                answers.responses,
                "durations",
            ),
            Card(
                "answers",
                _("Time to answer"),
                _(
                    "How long until an answer was chosen in a discussion that somebody outside"
                    " the team opened."
                ),
                answers.answers,
                "durations",
            ),
            Card(
                "time-to-close",
                _("Time to close"),
                _(
                    "How long until an issue or a discussion is closed for good, by anybody:"
                    " first of those opened in this time, which is what to expect; then of those"
                    " closed in it, which is what was worked off."
                ),
                answers.closings,
                "durations",
            ),
            Card(
                "waiting",
                _("Waiting for us over time"),
                _(
                    "In how many threads the team owed the next word at the end of each week, or"
                    " day."
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
                    "New: opened in this time. Active: somebody said or did something in them."
                    " Closed: closed at the end, and not at the beginning. Open after is open"
                    " before plus new and reopened, less closed."
                ),
                flows.issues,
                "what-is-opened-and-closed",
            ),
            Card(
                "pull-requests",
                _("Pull requests"),
                _(
                    "As for issues; a draft is open, too. How many of all that were open were"
                    " closed tells whether the team keeps up."
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
                    "How long until another person first reviewed a pull request, commented on"
                    " its code or merged it. A draft waits from when it is ready."
                ),
                answers.reviews,
                "durations",
            ),
            Card(
                "merge",
                _("Time to merge"),
                _(
                    "How long the pull requests took that were opened in this time and are merged"
                    " now."
                ),
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
                    "How many of the pull requests merged in this time another person had"
                    " reviewed, and how many their opener merged without that. A review by a bot"
                    " does not count."
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
                    "Of all who said or did something in this time: how many opened a thread, or"
                    " a pull request, had one merged, and reviewed somebody else's."
                ),
                community.how_far,
                "people",
            ),
            Card(
                "newcomers",
                _("New people"),
                _(
                    "Who said or did something for the first time ever, in any repository. Greet"
                    " them."
                ),
                community.newcomers,
                "people",
            ),
            Card(
                "conversion",
                _("What became of new people"),
                _(
                    "Of the new people outside the team: how many had a pull request merged within"
                    " 180 days, and how many took part in another thread within 90."
                ),
                community.conversion,
                "people",
            ),
            Card(
                "occasional",
                _("Occasional people"),
                _("Who took part in one or two threads, of all who took part within a year."),
                community.occasional,
                "people",
            ),
            Card(
                "quiet",
                _("Regulars gone quiet"),
                _(
                    "Who took part in three threads or more in the year before, and has said and"
                    " done nothing for 90 days. Write to them."
                ),
                community.quiet,
                "people",
            ),
            Card(
                "absence",
                _("How few people it rests on"),
                _(
                    "The fewest people who together made half of all contributions: of what was"
                    " said and done."
                ),
                community.absence,
                "people",
                usual=YEAR,
            ),
            Card(
                "elephant",
                _("On how few organizations it rests"),
                _("The fewest organizations whose people together made half of all contributions."),
                community.elephant,
                "people",
                usual=YEAR,
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
