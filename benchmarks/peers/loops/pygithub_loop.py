"""Writes everything that PyGithub lists of a repository as JSON lines. It runs on its own.

usage: pygithub_loop.py URL TOKEN OWNER/NAME
"""

import json
import sys
from typing import Any

import github  # type: ignore[import-not-found]

url, token, full_name = sys.argv[1:]
hub = github.Github(
    base_url=url,
    auth=github.Auth.Token(token),
    per_page=100,
    seconds_between_requests=0,  # it waits a quarter of a second otherwise
)
repository = hub.get_repo(full_name)


def write(kind: str, found: Any, key: int) -> None:
    row = {"kind": kind, "id": key, "author": found.user and found.user.login}
    sys.stdout.write(f"{json.dumps({**row, 'body': found.body})}\n")


for issue in repository.get_issues(state="all"):
    if "/pull/" not in issue.html_url:  # asking for `pull_request` would be a request each
        write("issues", issue, issue.number)
for comment in repository.get_issues_comments():
    write("comments", comment, comment.id)
for pull in repository.get_pulls(state="all"):
    write("pull requests", pull, pull.number)
    for review in pull.get_reviews():
        write("reviews", review, review.id)
for comment in repository.get_pulls_review_comments():
    write("review comments", comment, comment.id)
for event in repository.get_issues_events():
    row = {"kind": "events", "id": event.id, "event": event.event}
    sys.stdout.write(f"{json.dumps(row)}\n")
