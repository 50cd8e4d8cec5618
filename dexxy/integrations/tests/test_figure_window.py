"""Up to when the copy is complete, as figures ask."""

from datetime import timedelta

import pytest

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import WorkspaceNotFoundError
from dexxy.integrations.figure_window import figure_window
from dexxy.integrations.models import GitHubRepository
from tests.factories import START, make_repository, make_source, make_workspace

DAY = timedelta(days=1)


def synced(repository: GitHubRepository, days: int) -> None:
    GitHubRepository.objects.filter(pk=repository.pk).update(last_synced_at=START + days * DAY)


def test_the_copy_is_complete_up_to_the_last_check_of_each_source(
    alice: User, workspace: Workspace
) -> None:
    resting = make_repository(source=make_source(workspace=workspace))
    fresh = make_repository(source=make_source(workspace=workspace))
    gone = make_repository(source=make_source(workspace=workspace, is_archived=True))
    elsewhere = make_repository(source=make_source(workspace=make_workspace()))
    for days, repository in enumerate((resting, fresh, gone, elsewhere), start=1):
        synced(repository, days)

    found = figure_window(alice, workspace, since=START, until=START + 9 * DAY)

    assert found.now == START + 2 * DAY
    assert found.checked_at == {
        resting.source_id: START + DAY,
        fresh.source_id: START + 2 * DAY,
    }
    assert found.has_history


def test_there_is_no_history_before_each_source_was_read_once(
    alice: User, workspace: Workspace
) -> None:
    synced(make_repository(source=make_source(workspace=workspace)), 1)
    waits = make_repository(source=make_source(workspace=workspace))

    found = figure_window(alice, workspace, since=START, until=START + DAY)

    assert not found.has_history
    assert waits.source_id not in found.checked_at


def test_others_do_not_hear_of_it(charlie: User, workspace: Workspace) -> None:
    with pytest.raises(WorkspaceNotFoundError):
        figure_window(charlie, workspace, since=START, until=START + DAY)
