"""Take out of the logs of endpoints what names people who were erased."""

from collections.abc import Iterable

from dexxy.common.sql import execute
from dexxy.members.models import Identity

# A payload names an account by its provider and its id there, at any depth.
_FORGET = """
UPDATE outgoing_delivery d
SET payload = '{}', answer = '',
    state = CASE WHEN d.state = 'pending' THEN 'failed' ELSE d.state END,
    error = CASE WHEN d.state = 'pending' THEN %(why)s ELSE d.error END,
    ended_at = coalesce(d.ended_at, now())
FROM outgoing_endpoint e
WHERE e.id = d.endpoint_id AND e.workspace_id = %(workspace)s
  AND jsonb_path_exists(d.payload,
      '$.** ? (@.accountId == $account && @.provider == $provider)',
      jsonb_build_object('account', %(account)s::text, 'provider', %(provider)s::text))
"""


def deliveries_unname(workspace_id: int, accounts: Iterable[Identity]) -> int:
    """Empty what was sent, or waits to be, that names one of ACCOUNTS, in the caller's transaction.

    Args:
        accounts: as they were before they were emptied.

    Returns: how many deliveries that were.
    """
    return sum(
        execute(
            _FORGET,
            {
                "workspace": workspace_id,
                "account": account.external_id,
                "provider": account.provider,
                "why": "It named somebody who was erased.",
            },
        )
        for account in accounts
    )
