"""A reviewed plan as a file: whole or not at all, and read with suspicion."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from model_promotion.core.errors import BadCall, Conflict
from model_promotion.core.reviewed import MOST_CHARACTERS, MOST_OF_A_FLEET, Reviewed, ReviewedFleet, ReviewedUnit
from model_promotion.reports.plan_file import read, write

PLAN = Reviewed("ada", 1_700_000_000.0, {"reason": "größer"}, {"@champion": "v1"}, ("@champion: v1 -> v2",))
FLEET = ReviewedFleet((ReviewedUnit((PLAN,)),), 8)
NEWER = Reviewed("grace", 1_700_000_060.0, {}, {}, ())


def test_what_is_written_is_read_and_nothing_else_is_left(tmp_path: Path) -> None:
    write(PLAN, tmp_path / "plan.json")
    assert read(tmp_path / "plan.json") == PLAN
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


def test_a_newer_plan_takes_the_place_of_an_older_one_at_once(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    write(PLAN, path)
    with path.open(encoding="utf-8") as reading:
        write(NEWER, path)
        assert Reviewed.parse(reading.read()) == PLAN
    assert read(path) == NEWER


def test_a_link_is_replaced_and_what_it_points_to_stays(tmp_path: Path) -> None:
    precious, link = tmp_path / "precious", tmp_path / "plan.json"
    precious.write_text("not to be lost")
    link.symlink_to(precious)
    write(PLAN, link)
    assert (precious.read_text(), link.is_symlink()) == ("not to be lost", False)
    assert read(link) == PLAN


def unwritable(folder: Path, kind: str) -> Path:
    (folder / "file").write_text("x")
    (folder / "folder").mkdir()
    names = {
        "no folder": folder / "nowhere" / "plan.json",
        "below a file": folder / "file" / "plan.json",
        "a folder itself": folder / "folder",
        "too long a name": folder / ("x" * 300),
        "no name of a file": folder / "a\0b",
    }
    return names[kind]


@pytest.mark.parametrize(
    "kind", ["no folder", "below a file", "a folder itself", "too long a name", "no name of a file"]
)
def test_where_nothing_can_be_written_it_is_a_wrong_call_and_nothing_is_left(tmp_path: Path, kind: str) -> None:
    path = unwritable(tmp_path, kind)
    with pytest.raises(BadCall, match="cannot be written") as wrong:
        write(PLAN, path)
    assert "--plan-out" in wrong.value.hint
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file"),
        (b"\xff\xfe\x00", "cannot be read: it is no text"),
        (b"", "no plan of this program"),
        (b"{}", "no plan of this program"),
        (PLAN.text.encode() + b" " * MOST_CHARACTERS, "no plan of this program"),
        (FLEET.text.encode() + b" " * MOST_OF_A_FLEET, "no plan of this program"),
    ],
    ids=["nothing there", "no text", "empty", "no plan", "too large", "too large for many"],
)
def test_what_is_no_plan_is_a_wrong_call(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "plan.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadCall, match=said):
        read(path)


def test_thousands_of_plans_are_read_again(tmp_path: Path) -> None:
    long = replace(PLAN, facts={"x": "y" * 2000})
    fleet = ReviewedFleet(tuple(ReviewedUnit((long,)) for _ in range(3000)), 8)
    assert len(fleet.text) > MOST_CHARACTERS
    write(fleet, tmp_path / "plan.json")
    assert read(tmp_path / "plan.json") == fleet


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(BadCall, match="too long to be read again"):
        write(replace(PLAN, facts={"x": "y" * MOST_CHARACTERS}), tmp_path / "plan.json")
    assert not list(tmp_path.iterdir())


def test_a_folder_is_no_plan(tmp_path: Path) -> None:
    with pytest.raises(BadCall, match="cannot be read"):
        read(tmp_path)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there is no endless file here")  # noqa: PTH110 - one word for a decorator
def test_a_file_without_end_is_not_read_to_it() -> None:
    with pytest.raises(BadCall, match="no plan of this program"):
        read(Path("/dev/zero"))


def test_an_edited_plan_is_a_conflict(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(PLAN.text.replace("v2", "v3"), encoding="utf-8")
    with pytest.raises(Conflict, match="edited"):
        read(path)
