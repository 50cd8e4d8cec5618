"""The pages of the settings of a workspace: one list, which the navigation beside them shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dexxy.accounts.models import Workspace


@dataclass(frozen=True)
class Setting:
    """A page of the settings.

    Args:
        url_name: of an address that takes the slug of the workspace alone.
        for_admins: whether nobody else may open it.
        for_operators: whether it is about all workspaces, and only for whoever runs this Dexxy.
    """

    name: str | Promise
    url_name: str
    for_admins: bool = False
    for_operators: bool = False


@dataclass(frozen=True)
class Group:
    """Pages that belong together, under a heading."""

    name: str | Promise
    settings: Sequence[Setting]


GROUPS = (
    Group(
        _("Workspace"),
        (
            Setting(_("General"), "settings_general"),
            Setting(_("Team"), "settings_team"),
            Setting(_("People & roles"), "settings_people"),
            Setting(_("GitHub connection"), "settings_github"),
            Setting(_("Notifications"), "settings_notifications"),
        ),
    ),
    Group(
        _("Data"),
        (
            Setting(_("API tokens"), "settings_tokens"),
            Setting(_("Export & import"), "settings_data"),
            Setting(_("Sync history"), "repositories_history"),
            Setting(_("Webhook deliveries"), "settings_deliveries", for_admins=True),
            Setting(_("Audit log"), "settings_audit", for_admins=True),
            Setting(_("Danger zone"), "settings_danger"),
        ),
    ),
    Group(
        _("This Dexxy"),
        (Setting(_("Mail server"), "settings_mail_server", for_operators=True),),
    ),
)


@dataclass(frozen=True)
class SettingLink:
    """A page of the settings as another one shows it."""

    name: str | Promise
    address: str
    is_current: bool


def setting_links(
    workspace: Workspace, current: str, *, is_admin: bool, is_operator: bool
) -> list[tuple[str | Promise, list[SettingLink]]]:
    """Let each page of the settings lead into WORKSPACE, under the heading of its group.

    Args:
        current: the `url_name` of the page that is open.
        is_admin: whether the reader may open those for admins.
        is_operator: whether they run this Dexxy.
    """
    found = [
        (
            group.name,
            [
                SettingLink(
                    name=one.name,
                    address=reverse(one.url_name, args=[workspace.slug]),
                    is_current=one.url_name == current,
                )
                for one in group.settings
                if (is_admin or not one.for_admins) and (is_operator or not one.for_operators)
            ],
        )
        for group in GROUPS
    ]
    return [(name, links) for name, links in found if links]
