"""Of members that become one, the kept one's fields win and no field is lost."""

from dexxy.members.models import Member
from dexxy.members.profile import Choice, profile_of


def test_the_kept_member_s_fields_win_and_the_other_fills_the_gaps() -> None:
    kept = Member(pk=1, display_name="Ada", company="Engines", tags=["vip", "dev"])
    merged = Member(
        pk=2, display_name="Countess", company="Engines", location="London", tags=["dev", "old"]
    )

    shown = profile_of([kept, merged])

    assert shown.fields == {
        "display_name": Choice("Ada", 1, [(2, "Countess")]),
        "avatar_url": Choice("", None, []),
        "bio": Choice("", None, []),
        "company": Choice("Engines", 1, []),
        "location": Choice("London", 2, []),
    }
    assert shown.tags == ["vip", "dev", "old"]
