"""What an organisation may ask of those whom it lets in: single sign-on, and a known address.

https://docs.github.com/enterprise-cloud@latest/authentication/authenticating-with-single-sign-on/authorizing-a-personal-access-token-for-use-with-single-sign-on
https://docs.github.com/enterprise-cloud@latest/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/managing-allowed-ip-addresses-for-your-organization
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dexxy_simulator.model import Actor, Repository
from dexxy_simulator.tokens import Token

SAML: Final = (
    "Resource protected by organization SAML enforcement. You must grant your Personal Access "
    "token access to this organization."
)
ADDRESS: Final = (
    "Although you appear to have the correct authorization credentials, the `{}` organization has "
    "an IP allow list enabled, and your IP address is not permitted to access this resource."
)


@dataclass(frozen=True)
class Barrier:
    """What keeps a token out of an organisation, as GitHub words it."""

    organization: Actor
    message: str
    is_saml: bool

    @property
    def headers(self) -> dict[str, str]:
        """Where the token's owner can authorise it."""
        if not self.is_saml:
            return {}
        page = f"https://github.com/orgs/{self.organization.login}/sso"
        return {"X-GitHub-SSO": f"required; url={page}?authorization_request=A7Q2"}


def barrier(token: Token | None, repository: Repository) -> Barrier | None:
    """Return what keeps a token out of a repository that it could read otherwise.

    Single sign-on is asked of members, and of their personal tokens only; the address matters for
    what is private.
    """
    owner = repository.owner
    if token is None:
        return None
    is_asked = owner.requires_sso and type(token) is Token and token.owner in owner.members
    if is_asked and owner.database_id not in token.sso_ids:
        return Barrier(owner, SAML, is_saml=True)
    if repository.is_private and not owner.allows_address:
        return Barrier(owner, ADDRESS.format(owner.login), is_saml=False)
    return None
