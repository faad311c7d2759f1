"""The metadata file: its place is looked at before anything is done, and it is written whole or not at all."""

import os
from pathlib import Path

import pytest

from model_promotion.core.errors import BadCall
from model_promotion.reports.metadata_file import NotWritten, place, write


def test_folders_that_are_missing_are_made_when_it_is_written_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "models" / "iris" / "model_metadata.json"
    assert place(path, "--metadata-file") == path
    assert list(tmp_path.iterdir()) == []
    write("{}", path)
    assert path.read_text() == "{}"
    assert os.listdir(path.parent) == [path.name]  # noqa: PTH208 - names are compared


def test_a_newer_one_takes_the_place_of_an_older_one_at_once(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    write("old", path)
    with path.open() as reading:
        write("new", path)
        assert reading.read() == "old"
    assert path.read_text() == "new"


def test_it_may_be_read_by_whom_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write("{}", tmp_path / "m.json")
    finally:
        os.umask(before)
    assert (tmp_path / "m.json").stat().st_mode & 0o777 == 0o644


def test_a_link_stays_a_link_and_who_may_read_it_stays_the_same(tmp_path: Path) -> None:
    real, link = tmp_path / "far" / "real.json", tmp_path / "link.json"
    link.symlink_to(real)
    write("old", place(link, "--metadata-file"))
    real.chmod(0o600)
    write("new", place(link, "--metadata-file"))
    assert (link.is_symlink(), real.read_text(), real.stat().st_mode & 0o777) == (True, "new", 0o600)
    assert os.listdir(tmp_path / "far") == ["real.json"]  # noqa: PTH208 - names are compared


def test_a_device_or_a_pipe_is_no_place_for_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path(os.devnull)):
        with pytest.raises(BadCall, match="a device or a pipe"):
            place(path, "--metadata-file")
    assert pipe.is_fifo()


IMPOSSIBLE = {
    "below a file": ("file/m.json", "is no folder"),
    "far below a file": ("file/a/b/m.json", "is no folder"),
    "a folder itself": ("folder", "it is a folder"),
    "too long a name": ("x" * 300, "too long"),
    "no name of a file": ("a\0b", "no name of a file"),
}


@pytest.mark.parametrize(("name", "said"), IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_where_nothing_can_be_written_the_call_is_wrong(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadCall, match=said) as wrong:
        place(tmp_path / name, "--metadata-file")
    assert "--metadata-file" in wrong.value.hint
    with pytest.raises(NotWritten):
        write("{}", tmp_path / name)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]
