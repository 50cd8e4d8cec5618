"""The page for when something is wrong has all that the doctor can say, and every error."""

import re
from pathlib import Path

from dexxy.common.errors import DexxyError
from tools import troubleshooting
from tools.troubleshooting import DOCTOR, PAGE, errors, findings


def test_the_tables_are_what_the_code_says() -> None:
    assert PAGE.read_text("utf-8") == troubleshooting.written(), "run make fmt and review the diff"


def test_no_finding_of_the_doctor_is_missing() -> None:
    calls = [
        call
        for path in DOCTOR.glob("*.py")
        for call in re.findall(r"(?<!def )\b(?:failed|notice)\(", path.read_text("utf-8"))
    ]

    assert len(calls) == sum(len(list(findings(path))) for path in DOCTOR.glob("*.py"))
    assert len(calls) > 35


def test_each_finding_says_of_what_it_is_and_what_to_do() -> None:
    for path in DOCTOR.glob("*.py"):
        for name, says, fix in findings(path):
            assert name not in ("", "…"), says
            assert fix, name


def test_what_is_known_at_run_time_only_is_left_open(tmp_path: Path) -> None:
    file = tmp_path / "one.py"
    file.write_text(
        '_NAME = "Endpoint of {slug}"\n'
        "def look(error):\n"
        '    yield failed(_NAME.format(slug=error.slug), f"{error} in {1}{2}.", str(error))\n'
        '    yield notice("Queue", "Full." if error else "Empty.", "Wait"\n'
        '        " a minute.")\n'
    )

    assert list(findings(file)) == [
        ("Endpoint of …", "… in ….", "What it says."),
        ("Queue", "Full. / Empty.", "Wait a minute."),
    ]


def test_what_is_translated_is_read_as_well(tmp_path: Path) -> None:
    file = tmp_path / "one.py"
    file.write_text(
        "def look(one, count):\n"
        "    if one:\n"
        '        how = _("Stop it.")\n'
        "    else:\n"
        '        how = f"Start {one}."\n'
        '    yield failed(_("Queue of {slug}").format(slug=one.slug),\n'
        '        ngettext("{n} job.", "{n} jobs, {at}.", count).format(n=count, at=one or "1"),\n'
        '        _("Do it: {how}").format(how=how))\n'
    )

    assert list(findings(file)) == [
        ("Queue of …", "… jobs, ….", "Do it: Stop it. / Start …."),
    ]


def test_a_name_that_is_given_with_others_stands_for_what_this_function_calls_so(
    tmp_path: Path,
) -> None:
    file = tmp_path / "one.py"
    file.write_text(
        "def erasures(path):\n"
        '    title, way = _("Erasures"), path\n'
        '    yield failed(title, "Full.", "Wait.")\n'
        "def workers(name):\n"
        '    title = _("Workers for {name}").format(name=name)\n'
        '    yield failed(title, "None.", "Start one.")\n'
    )

    assert list(findings(file)) == [
        ("Erasures", "Full.", "Wait."),
        ("Workers for …", "None.", "Start one."),
    ]


def test_each_error_with_a_code_of_its_own_says_what_it_is() -> None:
    known = errors()

    assert [code for code, (meanings, _) in known.items() if "" in meanings] == []
    assert len(known) > 80
    assert DexxyError.code not in known
