from pathlib import Path

import pytest

from tests import needs


def test_a_chromium_that_is_missing_skips_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")

    with pytest.raises(pytest.skip.Exception, match="no Chromium at /nowhere/chromium"):
        needs.chromium()


def test_a_schema_that_is_missing_fails_the_test_under_ci(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(needs, "PUBLISHED_SCHEMA", tmp_path / "schema.graphql")

    with pytest.raises(pytest.fail.Exception, match="published schema is missing"):
        needs.published_schema()
