"""What each action of the audit log is called in a sentence that begins with who did it."""

from collections.abc import Mapping

from django.utils import formats, timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from dexxy.accounts.models import AuditEntry, Role

DEEDS: Mapping[str, str | Promise] = {
    "api_token.created": _("made the API token"),
    "api_token.revoked": _("revoked the API token"),
    "endpoint.created": _("made an endpoint"),
    "endpoint.deleted": _("deleted an endpoint"),
    "endpoint.disabled": _("disabled an endpoint"),
    "endpoint.paused": _("paused an endpoint"),
    "endpoint.redelivered": _("had something sent to an endpoint again"),
    "endpoint.resumed": _("let an endpoint go on"),
    "endpoint.secret_rotated": _("changed the key of an endpoint"),
    "endpoint.tested": _("sent a test to an endpoint"),
    "endpoint.updated": _("changed an endpoint"),
    "export.deleted": _("deleted an export"),
    "export.requested": _("asked for an export"),
    "feed_address.created": _("made the address of a feed"),
    "feed_address.revoked": _("revoked the address of a feed"),
    "github_app.client_secret_replaced": _("replaced the client secret of the GitHub App"),
    "github_app.key_replaced": _("replaced the private key of the GitHub App"),
    "github_app.webhook_secret_rotated": _("changed the webhook secret of the GitHub App"),
    "github_installation.connected": _("connected GitHub"),
    "github_installation.disconnected": _("disconnected GitHub"),
    "github_installation.token_connected": _("connected GitHub with a token"),
    "github_repository.all_sync_requested": _("asked for a sync of all repositories"),
    "github_repository.connected": _("added a repository"),
    "github_repository.disconnected": _("disconnected a repository"),
    "github_repository.paused": _("paused a repository"),
    "github_repository.resumed": _("let a repository go on"),
    "github_repository.sync_requested": _("asked for a sync of a repository"),
    "invitation.accepted": _("joined by an invitation"),
    "invitation.created": _("invited somebody"),
    "invitation.revoked": _("revoked an invitation"),
    "mail_server.removed": _("removed the mail server"),
    "mail_server.set": _("gave the mail server"),
    "member.disowned": _("said that a member is not them"),
    "member.edited": _("changed the profile of a member"),
    "member.erased": _("erased a member"),
    "member.held_apart": _("said that two members are different people"),
    "member.linked": _("linked the accounts of a member"),
    "member.locked": _("locked a member against automatic links"),
    "member.marked_bot": _("marked a member as a bot"),
    "member.marked_person": _("marked a member as a person"),
    "member.merged": _("merged two members"),
    "member.not_held_apart": _("took back that two members are different people"),
    "member.note_deleted": _("deleted a note about a member"),
    "member.note_edited": _("changed a note about a member"),
    "member.noted": _("wrote a note about a member"),
    "member.owned": _("said which member they are"),
    "member.team_decided": _("decided whether a member is on the team"),
    "member.unlocked": _("unlocked a member"),
    "member.unmerged": _("undid a merge of members"),
    "members.exported": _("exported chosen members"),
    "members.imported": _("imported members"),
    "members.tagged": _("tagged members"),
    "membership.added": _("put somebody into the workspace"),
    "membership.removed": _("took somebody out of the workspace"),
    "membership.role_changed": _("changed the role of somebody"),
    "organization.merged": _("merged two organizations"),
    "organization.unmerged": _("parted two organizations"),
    "saved_view.deleted": _("deleted a view"),
    "saved_view.saved": _("kept a view"),
    "sign_in_rule.created": _("made a rule for signing in"),
    "sign_in_rule.deleted": _("deleted a rule for signing in"),
    "source.fed": _("fed a source"),
    "source.removed": _("removed a fed source"),
    "thread.assigned": _("assigned a thread"),
    "thread.noted": _("wrote a note about a thread"),
    "thread.restored": _("undid a decision about a thread"),
    "thread.set_aside": _("set a thread aside"),
    "thread.snoozed": _("snoozed a thread"),
    "thread.taken_back": _("took a thread back into the queue"),
    "user.address_changed": _("changed their email address"),
    "user.address_released": _("took an unproven address from an account"),
    "user.changed": _("changed an account"),
    "user.deactivated": _("deactivated an account"),
    "user.outside_account_joined": _("joined an account elsewhere with their own"),
    "user.password_set": _("set a password"),
    "user.recovery_codes_made": _("made new recovery codes"),
    "user.mail_answered": _("answered a mail for the first time"),
    "user.reset_link_made": _("made a link for who forgot their password"),
    "user.second_step_added": _("added a second step or a passkey"),
    "user.second_step_removed": _("removed a second step or a passkey"),
    "user.second_step_reset": _("reset the second step of an account"),
    "webhook_delivery.asked_for": _("asked GitHub to send a webhook once more"),
    "webhook_delivery.recovered": _("had GitHub’s log of webhooks read"),
    "webhook_delivery.redelivered": _("had a webhook applied again"),
    "workspace.created": _("made the workspace"),
    "workspace.delete_asked": _("asked for the workspace to be deleted"),
    "workspace.delete_taken_back": _("took back that the workspace is to be deleted"),
    "workspace.kinds_taken": _("chose which kinds of threads are read"),
    "workspace.private_kept_in": _("decided whether private repositories may leave"),
    "workspace.set_up": _("finished the set-up"),
    "workspace.updated": _("changed how the workspace is set up"),
}

# What an entry says beside its sentence, by the names that the log keeps.
DETAILS: Mapping[str, str | Promise] = {
    "account": _("account on GitHub"),
    "added": _("added"),
    "admin": _("admin"),
    "at": _("on"),
    "because": _("because"),
    "before": _("before"),
    "domain": _("domain"),
    "email": _("email address"),
    "event": _("event"),
    "events": _("events"),
    "fields": _("changed"),
    "form": _("format"),
    "guid": _("GitHub’s name of it"),
    "installation_id": _("number of the installation on GitHub"),
    "invitations": _("invitations that ended"),
    "is_on_team": _("is on the team"),
    "keeps": _("they stay inside"),
    "kept": _("kept"),
    "kind": _("kind"),
    "kinds": _("kinds"),
    "language": _("language"),
    "member_id": _("number of the member"),
    "members": _("members"),
    "merge": _("number of the merge"),
    "merged": _("merged into it"),
    "name": _("name"),
    "note": _("number of the note"),
    "number": _("how many"),
    "other": _("number of the other member"),
    "page": _("page"),
    "place": _("where"),
    "provider": _("platform"),
    "removed": _("removed"),
    "role": _("role"),
    "rule": _("rule"),
    "scope": _("scope"),
    "server": _("mail server"),
    "slug": _("address"),
    "time_zone": _("time zone"),
    "to": _("number of the account"),
    "tokens": _("API tokens that ended"),
    "until": _("until"),
    "user": _("person"),
    "view": _("view"),
    "webhook": _("number of the message"),
    "what": _("what"),
    "with_bodies": _("with what they wrote"),
}
# Their values are moments.
_TIMES = frozenset({"at", "until"})


def deed_of(entry: AuditEntry) -> str:
    """Return what was done; an action of a version that is not this one has its own name."""
    return str(DEEDS.get(entry.action, entry.action))


def details_of(entry: AuditEntry) -> list[tuple[str, str]]:
    """Return what the entry says beside it; a name of another version stays as it is."""
    return [
        (str(DETAILS.get(name, name.replace("_", " "))), _written(name, value))
        for name, value in entry.details.items()
        if value not in ("", None)
    ]


def _written(name: str, value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return _yes() if value else _no()
    if name == "role" and value in Role.values:
        return str(Role(value).label)
    if name in _TIMES and isinstance(value, str) and (moment := parse_datetime(value)):
        return formats.date_format(timezone.localtime(moment), "DATETIME_FORMAT")
    return str(value)


def _yes() -> str:
    return pgettext("of something that holds", "yes")


def _no() -> str:
    return pgettext("of something that does not hold", "no")
