import pytest

from dexxy.members.organizations import organization_of


@pytest.mark.parametrize(
    ("companies", "emails", "expected"),
    [
        (["@acme"], ["ada@engines.org"], "acme"),
        (["", " @acme and @other "], [], "acme and other"),
        (["ada@acme"], [], "ada@acme"),
        ([""], ["ada@gmail.com", "ada@Engines.org"], "engines.org"),
        ([], ["info@engines.org", "1+ada@users.noreply.github.com", "nonsense"], ""),
        ([], [], ""),
    ],
)
def test_the_organisation_is_a_company_or_else_the_host_of_a_work_address(
    companies: list[str], emails: list[str], expected: str
) -> None:
    assert organization_of(companies, emails) == expected
