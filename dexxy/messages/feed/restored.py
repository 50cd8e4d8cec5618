"""After the database was replaced by a backup of another cluster."""

from django.db import transaction

from dexxy.common.sql import execute
from dexxy.messages.models import SearchProgress

# The numbers of transactions begin anew in each cluster: those of the old one mean nothing here.
_FORGET_TRANSACTIONS = "UPDATE messages_message SET transaction_id = 0 WHERE transaction_id <> 0"


@transaction.atomic
def messages_restored() -> None:
    """Let whoever follows the feed, the index of words among them, begin again."""
    execute(_FORGET_TRANSACTIONS, {})
    SearchProgress.objects.all().delete()
