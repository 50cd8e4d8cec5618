"""Tiny pages at the addresses of threads, so that links to the simulator lead somewhere."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from werkzeug.wrappers import Response

from dexxy_simulator.exchange import Exchange, Refusal
from dexxy_simulator.model import Actor, Discussion, DiscussionComment, Issue, Post, PullRequest
from dexxy_simulator.rest.routes import page_route

THREADS = "/<owner>/<repo>/<any(issues, pull, discussions):folder>/<int:number>"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.5 sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}}
article{{border:1px solid #bbb;border-radius:6px;margin:1rem 0;padding:0 1rem}}
pre{{white-space:pre-wrap;font:inherit}}</style>
<p>Dexxy's simulator of GitHub</p><h1>{title}</h1>{content}</html>"""


@page_route("page", "/", "/<login>", "/<owner>/<repo>", THREADS)
def page(
    exchange: Exchange,
    login: str = "",
    owner: str = "",
    repo: str = "",
    folder: str = "",
    number: int = 0,
) -> Response:
    """The page of the server, an account, a repository or a thread."""
    if login:
        actor = exchange.world.actor(login)
        return _html(actor.login if actor else None, "")
    if not owner:
        found = [one for one in exchange.world.repositories.values() if exchange.reads(one)]
        return _html("Repositories", "".join(_link(one.path, one.name_with_owner) for one in found))
    repository = exchange.world.repository(f"{owner}/{repo}")
    if repository is None or not exchange.reads(repository):
        raise Refusal(404, "Not Found")
    kinds: dict[str, Mapping[int, Issue | PullRequest | Discussion]] = {
        "issues": repository.issues,
        "pull": repository.pull_requests,
        "discussions": repository.discussions,
    }
    if not folder:
        threads = [thread for kind in kinds.values() for thread in kind.values()]
        links = (_link(one.path, f"#{one.number} {one.title}") for one in threads)
        return _html(repository.name_with_owner, "".join(links))
    thread = kinds[folder].get(number)
    return _html(thread.title, _posts(thread)) if thread else _html(None, "")


def _posts(thread: Issue | PullRequest | Discussion) -> str:
    posts: list[Post] = [thread, *thread.comments]
    for comment in thread.comments:
        if isinstance(comment, DiscussionComment):
            posts += comment.replies
    if isinstance(thread, PullRequest):
        posts += [review for review in thread.reviews if review.body and review.submitted_at]
        posts += [one for group in thread.review_threads for one in group.comments]
    posts[1:] = sorted(posts[1:], key=lambda post: post.created_at)
    return "".join(_article(post) for post in posts)


def _article(post: Post) -> str:
    anchor = escape(post.path.partition("#")[2], quote=True)
    return (
        f'<article id="{anchor}"><p><b>{escape(_name(post.author))}</b> '
        f"{post.created_at:%Y-%m-%d %H:%M}</p><pre>{escape(post.body)}</pre></article>"
    )


def _name(author: Actor | None) -> str:
    return author.login if author else "ghost"


def _link(path: str, text: str) -> str:
    return f'<p><a href="{escape(path, quote=True)}">{escape(text)}</a></p>'


def _html(title: str | None, content: str) -> Response:
    if title is None:
        raise Refusal(404, "Not Found")
    body = PAGE.format(title=escape(title), content=content)
    return Response(body, content_type="text/html; charset=utf-8")
