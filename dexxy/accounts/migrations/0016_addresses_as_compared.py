import string

from django.db import migrations
from django.db.models.functions import Collate, Lower

# How addresses are compared is written down here as it was then: a migration does the same for ever.
_NOT_ASCII = r"[^\x01-\x7f]"
_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_LONGEST = 254


def address_compared(email):
    local, at, domain = email.translate(_SMALL).rpartition("@")
    if domain.isascii() or len(domain) > _LONGEST:
        return f"{local}{at}{domain}"
    import idna  # takes 80 ms

    try:
        labels = [one if one.isascii() else idna.alabel(one).decode() for one in domain.split(".")]
    except idna.IDNAError:
        labels = [domain]
    return f"{local}{at}{'.'.join(labels)}"


def rewrite(apps, schema_editor):
    """Write addresses in other scripts as they are compared: an installation has few, if any."""
    Invitation = apps.get_model("accounts", "Invitation")
    for pk, email in Invitation.objects.filter(email__regex=_NOT_ASCII).values_list("pk", "email"):
        Invitation.objects.filter(pk=pk).update(email=address_compared(email))
    User = apps.get_model("accounts", "User")
    EmailAddress = apps.get_model("account", "EmailAddress")
    for pk, email in User.objects.filter(email__regex=_NOT_ASCII).values_list("pk", "email"):
        compared = address_compared(email)
        users = User.objects.alias(compared=Lower(Collate("email", "C"))).filter(compared=compared)
        proven = EmailAddress.objects.filter(email=compared)
        # Where two accounts have one address, both keep what they have.
        if users.exclude(pk=pk).exists() or proven.exclude(user_id=pk).exists():
            continue
        User.objects.filter(pk=pk).update(email=compared)
        _rewrite_proven(EmailAddress.objects.filter(user_id=pk), email, compared)


def _rewrite_proven(theirs, email, compared):
    """Write what is proven in the same way, but for what `lower()` made of it: that was never
    proven."""
    for proven in theirs:
        if address_compared(proven.email) == compared:
            theirs.filter(pk=proven.pk).update(email=compared)
        elif proven.email == email.lower():
            proven.delete()


class Migration(migrations.Migration):
    """An address is compared in one way: its ASCII letters small, its domain in ASCII."""

    atomic = False

    dependencies = [
        ("account", "0009_emailaddress_unique_primary_email"),
        ("accounts", "0015_when_a_wait_is_late"),
    ]

    operations = [migrations.RunPython(rewrite, migrations.RunPython.noop)]
