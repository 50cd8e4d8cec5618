"""Which webhooks are for us, and who handles them.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Mapping

from dexxy.integrations.services.github.mapping.webhooks import THREAD_EVENTS
from dexxy.integrations.services.github.webhooks import account_events
from dexxy.integrations.services.github.webhooks.event_context import AccountEvent

# One by one, in the order in which they came. Events of threads are applied together.
HANDLERS: Mapping[str, AccountEvent] = account_events.HANDLERS

# What GitHub may send an App that subscribes to it, and says nothing that is stored here.
IGNORED = frozenset(
    [
        "branch_protection_configuration",
        "branch_protection_rule",
        "check_run",
        "check_suite",
        "code_scanning_alert",
        "commit_comment",
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
        "fork",
        "gollum",
        "issue_dependencies",
        "issue_field",
        "label",
        "marketplace_purchase",
        "member",
        "membership",
        "merge_group",
        "meta",
        "milestone",
        "org_block",
        "organization",
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
        "release",
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
        "star",
        "status",
        "sub_issues",
        "team",
        "team_add",
        "watch",
        "workflow_dispatch",
        "workflow_job",
        "workflow_run",
    ]
)


def why_ignored(event: str, action: str) -> str:
    """Return why nobody handles EVENT with ACTION, or '' where somebody does."""
    if event in IGNORED:
        return "Nothing that it says is stored."
    handled = HANDLERS.get(event) or THREAD_EVENTS.get(event)
    if handled is None:
        return f"The event {event} is unknown."
    return "" if action in handled.actions else f"The action {action!r} of {event} is unknown."


def is_unknown(event: str, action: str) -> bool:
    """Tell whether EVENT with ACTION is new on GitHub, as far as this Dexxy knows."""
    return event not in IGNORED and bool(why_ignored(event, action))
