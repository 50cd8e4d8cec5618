"""Which acts make up the story of a generated thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Final

from dexxy_simulator.generated.size import ThreadKind
from dexxy_simulator.generated.stories import Act, Stage, Story

CATEGORIES: Final = {"General": False, "Q&A": True, "Ideas 💡": False}


def plot(stage: Stage, kind: ThreadKind, opened_at: datetime, messages: int) -> Story:
    """Tell the story of a thread with so many messages."""
    at_once = stage.happens(0.3)
    acts = ACTS[kind](stage, messages)
    return _told(stage, kind, opened_at, acts, at_once=at_once)


def giants(stage: Stage, opened_at: datetime) -> list[tuple[int, Story]]:
    """Tell of threads with nested lists longer than a page; count their messages, too.

    Each seldom act happens in one of them, so that no repository with giants lacks any.
    """
    issue: list[Act] = [*[stage.comment] * 230, stage.edit_comment, stage.minimize]
    issue += [stage.comment_in_vain, stage.label, stage.retitle, stage.lock]
    waver: list[Act] = [stage.close, stage.reopen] * 55
    pull: list[Act] = [partial(stage.review, comments=0)] * 120
    pull += [partial(stage.review, comments=130), *[stage.comment] * 105]
    pull += [stage.draft_review, stage.dismiss, stage.request_review, stage.push, stage.rewrite]
    talk: list[Act] = [*[stage.discuss] * 120, _reply_to_first(stage, 115)]
    talk += [*[stage.reply] * 5, stage.answer, stage.leave_tombstone]
    told: list[tuple[int, ThreadKind, list[Act]]] = [
        (230, "issue", issue),
        (0, "issue", waver),
        (356, "pull request", pull),
        (240, "discussion", talk),
    ]
    return [(n, _told(stage, kind, opened_at, acts, at_once=False)) for n, kind, acts in told]


def _reply_to_first(stage: Stage, count: int) -> Act:
    def act(discussion: object) -> None:
        first = discussion.comments[0]  # type: ignore[attr-defined]
        for _ in range(count):
            author, body = stage.cast.someone(), stage.texts.body()
            stage.world.discuss(first.discussion, author, body, first)

    return act


def _told(
    stage: Stage, kind: ThreadKind, opened_at: datetime, acts: list[Act], *, at_once: bool
) -> Story:
    world, author = stage.world, stage.cast.someone()
    title, body = stage.texts.title(), stage.texts.opening()
    yield opened_at
    if kind == "issue":
        yield from stage.tell(
            opened_at, world.open_issue(stage.repository, author, title, body), acts,
            at_once=at_once,
        )  # fmt: skip
    elif kind == "pull request":
        draft = stage.happens(0.1)
        pull = world.open_pull_request(stage.repository, author, title, body, draft=draft)
        yield from stage.tell(opened_at, pull, acts, at_once=at_once)
    else:
        name = stage.random.choice(list(CATEGORIES))
        category = world.add_category(stage.repository, name, answerable=CATEGORIES[name])
        discussion = world.open_discussion(category, author, title, body)
        yield from stage.tell(opened_at, discussion, acts, at_once=at_once)


def _issue(stage: Stage, messages: int) -> list[Act]:
    acts: list[Act] = [stage.comment] * messages
    _scatter(stage, acts, _extras(stage))
    if stage.happens(0.7):
        acts.append(stage.close)
        if stage.happens(0.1):
            acts += [stage.reopen, stage.close][: stage.random.randint(1, 2)]
    return acts


def _pull_request(stage: Stage, messages: int) -> list[Act]:
    acts: list[Act] = []
    while messages > 0:
        chance = stage.random.random()
        if chance < 0.5 or messages == 1:
            acts.append(stage.comment)
            messages -= 1
        elif chance < 0.6:
            acts.append(stage.reply_on_diff)
            messages -= 2
        else:
            comments = min(messages - 1, stage.random.choice((0, 0, 1, 1, 2, 5, 12)))
            acts.append(partial(stage.review, comments=comments))
            messages -= 1 + comments
    _scatter(stage, acts, _extras(stage))
    special = {
        stage.draft_review: 0.03,
        stage.dismiss: 0.05,
        stage.make_ready: 0.1,
        stage.request_review: 0.3,
        stage.push: 0.3,
        stage.rewrite: 0.1,
    }
    _scatter(stage, acts, (act for act, chance in special.items() if stage.happens(chance)))
    ends: tuple[list[Act], ...] = ([stage.merge], [stage.close], [stage.close, stage.reopen], [])
    return acts + stage.random.choices(ends, (60, 12, 3, 25))[0]


def _discussion(stage: Stage, messages: int) -> list[Act]:
    acts: list[Act] = [
        stage.discuss if stage.happens(0.55) else stage.reply for _ in range(messages)
    ]
    common = {stage.edit_comment: 0.1, stage.minimize: 0.05, stage.leave_tombstone: 0.1}
    _scatter(stage, acts, (act for act, chance in common.items() if stage.happens(chance)))
    if stage.happens(0.5):
        acts.append(stage.answer)
    if stage.happens(0.3):
        acts.append(stage.world.close_discussion)
    return [stage.label, *acts] if stage.happens(0.2) else acts


def _extras(stage: Stage) -> Iterator[Act]:
    """Choose what else happens to an issue or a pull request."""
    extras = {
        stage.label: 0.4,
        stage.assign: 0.1,
        stage.edit_comment: 0.1,
        stage.edit_opening: 0.05,
        stage.retitle: 0.05,
        stage.comment_in_vain: 0.03,
        stage.minimize: 0.03,
        stage.lock: 0.01,
    }
    return (act for act, chance in extras.items() if stage.happens(chance))


def _scatter(stage: Stage, acts: list[Act], others: Iterator[Act]) -> None:
    """Put acts somewhere between others."""
    for act in others:
        acts.insert(stage.random.randint(0, len(acts)), act)


ACTS: Final[dict[ThreadKind, Callable[[Stage, int], list[Act]]]] = {
    "issue": _issue,
    "pull request": _pull_request,
    "discussion": _discussion,
}
