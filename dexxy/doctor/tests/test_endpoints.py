from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.doctor import State
from dexxy.doctor.endpoints import endpoints
from tests.factories import make_endpoint


def test_where_there_are_none_nothing_is_said(db: None) -> None:
    assert list(endpoints()) == []


def test_an_endpoint_that_takes_nothing_is_named_with_what_to_do(workspace: Workspace) -> None:
    make_endpoint(workspace=workspace)
    [finding] = endpoints()
    assert (finding.state, finding.says) == (State.OK, "Whatever is sent to 1 endpoint arrives.")

    failing = make_endpoint(workspace=workspace, name="Slow")
    failing.failing_since, failing.failures = timezone.now(), 3
    failing.save()
    disabled = make_endpoint(workspace=workspace, name="Dead")
    disabled.disabled_at, disabled.disabled_because = timezone.now(), "It answers with 500."
    disabled.save()

    findings = list(endpoints())

    assert [one.state for one in findings] == [State.FAILED, State.NOTICE]
    assert findings[0].says == "Dead is disabled: It answers with 500."
    assert findings[1].says == "Slow has taken nothing in 3 attempts."
    assert all(one.fix for one in findings)
