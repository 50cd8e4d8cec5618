"""Changes that move the time of no thread and send no webhook: what a reader overlooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final, TypeVar

from dexxy_simulator.model import (
    Actor,
    Discussion,
    DiscussionComment,
    Issue,
    IssueComment,
    Label,
    Milestone,
    Post,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
    posts_of,
)
from dexxy_simulator.world import World

ThingT = TypeVar("ThingT")
Change = Callable[[World, Repository, Random], bool]
_CHANGES: Final[dict[str, Change]] = {}


def make_silent_change(
    world: World, repository: Repository, random: Random, kinds: Sequence[str] | None = None
) -> str:
    """Make one change, of any of the silent kinds unless told of which, and return its name.

    A kind that moves the time of its thread in the world's dialect is left out.

    Raises:
        LookupError: nothing is left that could be changed so.
    """
    wanted = [name for name in kinds or SILENT_CHANGES if not _moves(name) & world.dialect.moving]
    with world.lock, world.silence():
        return _make(world, repository, random, wanted)


def make_told_change(
    world: World, repository: Repository, random: Random, kinds: Sequence[str] | None = None
) -> str:
    """Make one change of these kinds of which Apps are told, as far as there is a webhook for it.

    It is of any kind unless told of which; returns its name.

    Raises:
        LookupError: nothing is left that could be changed so.
    """
    with world.lock:
        return _make(world, repository, random, list(kinds or _CHANGES))


def _make(world: World, repository: Repository, random: Random, wanted: list[str]) -> str:
    # The same seed chooses the same thing for a kind, however many kinds there are.
    seed = random.getrandbits(32)
    random.shuffle(wanted)
    for name in wanted:
        if _CHANGES[name](world, repository, Random(seed)):  # noqa: S311  # decides about a demo
            return name
    raise LookupError("nothing is left to change")


def _moves(name: str) -> set[str]:
    return {"minimized" if "minimized" in name else name}


def _change(name: str) -> Callable[[Change], Change]:
    def bind(function: Change) -> Change:
        _CHANGES[name] = function
        return function

    return bind


def _to_one(*names: str, of: Callable[[Repository], list[Any]]) -> Callable[..., Any]:
    """Bind what is done to one thing that is chosen at random, if there is any."""

    def bind(act: Callable[[World, Any, Random], Any]) -> Callable[[World, Any, Random], Any]:
        def change(world: World, repository: Repository, random: Random) -> bool:
            found = of(repository)
            if not found:
                return False
            act(world, random.choice(found), random)
            return True

        for name in names:
            _CHANGES[name] = change
        return act

    return bind


def _posts(
    kind: type[ThingT], wanted: Callable[[Any], bool] = lambda _: True
) -> Callable[[Repository], list[ThingT]]:
    return lambda repository: [
        post for post in posts_of(repository) if isinstance(post, kind) and wanted(post)
    ]


def _is_alive(comment: DiscussionComment) -> bool:
    # Deleting the answer would move the discussion's time, as unchoosing it does.
    return comment.deleted_at is None and not comment.is_answer


_COMMENTS: Final = _posts(IssueComment)
_REVIEWS: Final = _posts(Review, lambda one: bool(one.body))
_ON_DIFF: Final = _posts(ReviewComment)
_TOPS: Final = _posts(DiscussionComment, lambda one: not one.reply_to and _is_alive(one))
_REPLIES: Final = _posts(DiscussionComment, lambda one: one.reply_to and _is_alive(one))
_CAN_HIDE: Final = (IssueComment, ReviewComment, Review, DiscussionComment)


@_to_one("comment edited", of=_COMMENTS)
@_to_one("review edited", of=_REVIEWS)
@_to_one("review comment edited", of=_ON_DIFF)
@_to_one("discussion comment edited", of=_TOPS)
@_to_one("reply edited", of=_REPLIES)
def _edit(world: World, post: Post, random: Random) -> None:
    world.edit(post, f"{post.body[:50_000]}\n\nEdited {random.getrandbits(32)}")


@_to_one("comment deleted", of=_COMMENTS)
@_to_one("review comment deleted", of=_ON_DIFF)
@_to_one("discussion comment deleted", of=_TOPS)
@_to_one("reply deleted", of=_REPLIES)
@_to_one("issue deleted", of=_posts(Issue))
@_to_one("discussion deleted", of=_posts(Discussion))
def _delete(world: World, post: Post, _: Random) -> None:
    world.delete(post)


@_to_one(
    "review dismissed",
    of=_posts(Review, lambda one: one.state in ("APPROVED", "CHANGES_REQUESTED")),
)
def _dismiss(world: World, review: Review, _: Random) -> None:
    world.dismiss_review(review)


@_to_one("minimized", of=_posts(Post, lambda one: isinstance(one, _CAN_HIDE)))
def _minimize(world: World, post: Post, random: Random) -> None:
    world.minimize(post, None if post.is_minimized else random.choice(("spam", "off-topic")))


@_to_one("minimized no more", of=_posts(Post, lambda one: one.is_minimized))
def _show_again(world: World, post: Post, _: Random) -> None:
    world.minimize(post, None)


@_to_one("reacted to", of=_posts(Post))
def _react(world: World, post: Post, random: Random) -> None:
    world.react(post, random.choice(list(post.reactions)))


@_to_one("upvoted", of=_posts(Post, lambda one: hasattr(one, "upvote_count")))
def _upvote(world: World, post: Discussion | DiscussionComment, _: Random) -> None:
    world.upvote(post)


@_to_one(
    "branch deleted",
    of=lambda repository: [one for one in repository.pull_requests.values() if one.head_ref],
)
def _delete_branch(world: World, pull: PullRequest, _: Random) -> None:
    world.delete_branch(pull)


@_to_one("issue transferred", of=_posts(Issue))
@_to_one("discussion transferred", of=_posts(Discussion))
def _transfer(world: World, thread: Issue | Discussion, _: Random) -> None:
    home = thread.home
    name = f"{home.name}-elsewhere"
    target = world.repository(f"{home.owner.login}/{name}") or world.add_repository(
        home.owner, name
    )
    world.transfer(thread, target, home.owner)


def _authors(repository: Repository) -> list[Actor]:
    """Return the people who wrote, without the owner, on whom the rest depends."""
    wrote = (Issue, PullRequest, Discussion, IssueComment)
    found = {post.author for post in posts_of(repository) if isinstance(post, wrote)}
    people = (one for one in found if one and one.kind == "User" and one is not repository.owner)
    return sorted(people, key=lambda one: one.database_id)


@_to_one("author hidden", of=_authors)
def _hide(world: World, author: Actor, _: Random) -> None:
    world.hide_author(author)


@_change("author shown again")
def _show_author(world: World, _: Repository, random: Random) -> bool:
    hidden = [world.actors[number] for number in sorted(world.hidden) if number in world.actors]
    if hidden:
        world.show_author(random.choice(hidden))
    return bool(hidden)


@_to_one("account renamed", of=_authors)
def _rename(world: World, account: Actor, random: Random) -> None:
    world.rename_actor(account, f"renamed-{random.getrandbits(32)}")


@_change("account deleted")
def _delete_account(world: World, repository: Repository, random: Random) -> bool:
    owners = {token.owner for token in world.tokens.values()}
    found = [one for one in _authors(repository) if one not in owners]
    if found:
        world.delete_actor(random.choice(found))
    return bool(found)


def _labels(repository: Repository) -> list[Label]:
    return list(repository.labels.values())


@_to_one("label renamed", of=_labels)
def _rename_label(world: World, label: Label, random: Random) -> None:
    world.rename_label(label, f"{label.name} {random.getrandbits(16)}")


@_to_one("label deleted", of=_labels)
def _delete_label(world: World, label: Label, _: Random) -> None:
    world.delete_label(label)


def _milestones(repository: Repository) -> list[Milestone]:
    """Return the milestones in which threads are."""
    found = {one.milestone for one in repository.threads if not isinstance(one, Discussion)}
    return sorted((one for one in found if one), key=lambda one: one.database_id)


@_to_one("milestone renamed", of=_milestones)
def _rename_milestone(world: World, milestone: Milestone, random: Random) -> None:
    world.rename_milestone(milestone, f"{milestone.title} {random.getrandbits(16)}")


@_to_one("milestone deleted", of=_milestones)
def _delete_milestone(world: World, milestone: Milestone, _: Random) -> None:
    world.delete_milestone(milestone)


# Not even the ids, times, states and flags of threads and messages show these.
DEEP_CHANGES: Final = (
    *("account renamed", "account deleted", "label renamed", "label deleted"),
    *("milestone renamed", "milestone deleted"),
)
SILENT_CHANGES: Final = tuple(name for name in _CHANGES if name not in DEEP_CHANGES)
