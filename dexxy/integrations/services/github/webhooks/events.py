"""Which webhooks are for us, and who handles them: a new event is added in this file.

An event about a thread goes to THREAD_EVENTS, with a mapper of `mapping/webhooks.py` that turns its
payload into hints. Any other goes to ACCOUNT_EVENTS, with a handler of `account_events.py` or
`name_events.py` or `repository_events.py`. One that tells nothing that is stored here goes to
IGNORED. The App asks GitHub for the events in `connecting/app_registration.py`.
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from dexxy.integrations.services.github.api.values import Payload
from dexxy.integrations.services.github.mapping import webhooks as mapping
from dexxy.integrations.services.github.mapping.webhooks import RepositoryHint
from dexxy.integrations.services.github.webhooks import account_events as handlers
from dexxy.integrations.services.github.webhooks import repository_events
from dexxy.integrations.services.github.webhooks.handler_contract import Handler
from dexxy.integrations.services.github.webhooks.name_events import on_label, on_milestone


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """An event that is handled by itself, and its known actions."""

    handle: Handler
    actions: frozenset[str]


@dataclass(frozen=True, slots=True)
class ThreadEvent:
    """An event about a thread: what maps its payload, and its known actions."""

    map: Callable[[Payload], Iterable[RepositoryHint]]
    actions: frozenset[str]


def _actions(names: str) -> frozenset[str]:
    return frozenset(names.split())


# Applied together, many in one transaction: hints may come in any order.
THREAD_EVENTS: Mapping[str, ThreadEvent] = {
    "issues": ThreadEvent(
        mapping.on_issues,
        _actions(
            "assigned closed deleted demilestoned edited field_added field_removed labeled locked"
            " milestoned opened pinned reopened transferred typed unassigned unlabeled unlocked"
            " unpinned untyped"
        ),
    ),
    "sub_issues": ThreadEvent(
        mapping.on_sub_issues,
        _actions("parent_issue_added parent_issue_removed sub_issue_added sub_issue_removed"),
    ),
    "issue_comment": ThreadEvent(
        mapping.on_issue_comment, _actions("created edited deleted pinned unpinned")
    ),
    "pull_request": ThreadEvent(
        mapping.on_pull_request,
        _actions(
            "assigned auto_merge_disabled auto_merge_enabled closed converted_to_draft"
            " demilestoned dequeued edited enqueued labeled locked milestoned opened"
            " ready_for_review reopened review_request_removed review_requested stacked"
            " synchronize unassigned unlabeled unlocked"
        ),
    ),
    "pull_request_review": ThreadEvent(
        mapping.on_pull_request_review, _actions("submitted edited dismissed")
    ),
    "pull_request_review_comment": ThreadEvent(
        mapping.on_pull_request_review_comment, _actions("created edited deleted")
    ),
    "pull_request_review_thread": ThreadEvent(
        mapping.on_pull_request_review_thread, _actions("resolved unresolved")
    ),
    "discussion": ThreadEvent(
        mapping.on_discussion,
        _actions(
            "answered category_changed closed created deleted edited labeled locked pinned"
            " reopened transferred unanswered unlabeled unlocked unpinned"
        ),
    ),
    "discussion_comment": ThreadEvent(
        mapping.on_discussion_comment, _actions("created edited deleted")
    ),
}

# Handled one by one, in the order in which they came.
ACCOUNT_EVENTS: Mapping[str, AccountEvent] = {
    "installation": AccountEvent(
        handlers.on_installation,
        _actions("created deleted new_permissions_accepted suspend unsuspend"),
    ),
    "installation_repositories": AccountEvent(
        handlers.on_installation_repositories, _actions("added removed")
    ),
    "installation_target": AccountEvent(handlers.on_installation_target, _actions("renamed")),
    "repository": AccountEvent(
        handlers.on_repository,
        _actions(
            "archived created deleted edited privatized publicized renamed transferred unarchived"
        ),
    ),
    "label": AccountEvent(on_label, _actions("archived created deleted edited unarchived")),
    "milestone": AccountEvent(on_milestone, _actions("closed created deleted edited opened")),
    "star": AccountEvent(repository_events.on_star, _actions("created deleted")),
    # It has no action.
    "fork": AccountEvent(repository_events.on_fork, frozenset({""})),
    "release": AccountEvent(
        repository_events.on_release,
        _actions("created deleted edited prereleased published released unpublished"),
    ),
    # We keep no user's token longer than it takes to prove something: there is none to forget.
    "github_app_authorization": AccountEvent(handlers.nothing_to_do, _actions("revoked")),
    # It tells nothing but that deliveries arrive. It has no action.
    "ping": AccountEvent(handlers.nothing_to_do, frozenset({""})),
}

# What GitHub sends an App that subscribes to it, and tells nothing that is stored here. Some only
# GitHub Enterprise sends, in the cloud or on a server: each has its own page of events.
# https://docs.github.com/en/enterprise-cloud@latest/webhooks/webhook-events-and-payloads
# https://docs.github.com/en/enterprise-server@latest/webhooks/webhook-events-and-payloads
IGNORED = frozenset(
    [
        "branch_protection_configuration",
        "branch_protection_rule",
        "cache_sync",
        "check_run",
        "check_suite",
        "code_scanning_alert",
        "commit_comment",
        "content_reference",
        "create",
        "custom_property",
        "custom_property_values",
        "delete",
        "dependabot_alert",
        "deploy_key",
        "deployment",
        "deployment_protection_rule",
        "deployment_review",
        "deployment_status",
        "dismissal_request_code_scanning",
        "dismissal_request_dependabot",
        "dismissal_request_license_compliance",
        "dismissal_request_secret_scanning",
        "enterprise",
        "exemption_request_push_ruleset",
        "exemption_request_secret_scanning",
        "gollum",
        "issue_dependencies",
        "issue_field",
        "issue_relates_to",
        "marketplace_purchase",
        "member",
        "membership",
        "merge_group",
        "meta",
        "org_block",
        "organization",
        "organization_custom_property",
        "organization_custom_property_values",
        "package",
        "page_build",
        "personal_access_token_request",
        "project",
        "project_card",
        "project_column",
        "projects_v2",
        "projects_v2_item",
        "projects_v2_status_update",
        "public",
        "push",
        "registry_package",
        "repository_advisory",
        "repository_dispatch",
        "repository_import",
        "repository_ruleset",
        "repository_vulnerability_alert",
        "secret_scanning_alert",
        "secret_scanning_alert_location",
        "secret_scanning_scan",
        "security_advisory",
        "security_and_analysis",
        "sponsorship",
        "status",
        "team",
        "team_add",
        "user",
        "watch",
        "workflow_dispatch",
        "workflow_job",
        "workflow_run",
    ]
)


def why_ignored(event: str, action: str) -> str:
    """Return why nobody handles EVENT with ACTION, or '' where somebody does.

    A new action of a thread's event shows a thread that has changed, as an edit does.
    """
    if event in IGNORED:
        return gettext_noop("Nothing that it says is stored.")
    if event in THREAD_EVENTS or not is_unknown(event, action):
        return ""
    if event in ACCOUNT_EVENTS:
        return gettext_noop("The action {action} of {event} is unknown.").format(
            action=action, event=event
        )
    return gettext_noop("The event {event} is unknown.").format(event=event)


def is_unknown(event: str, action: str) -> bool:
    """Tell whether EVENT with ACTION is new on GitHub, as far as this Dexxy knows."""
    known = ACCOUNT_EVENTS.get(event) or THREAD_EVENTS.get(event)
    return event not in IGNORED and (known is None or action not in known.actions)
