"""The page of a call is written, kept with the record, and undoes nothing when it cannot be."""

from pathlib import Path

import pytest

from model_promotion.access.memory import MemoryAccess
from model_promotion.cli import main
from model_promotion.core.entities import Identity
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.record import PAGE, digest, line_of
from model_promotion.core.request import Mode, Request
from model_promotion.flows.paging import paged
from tests.jobs.stories import *  # noqa: F403 - fixtures are found by name
from tests.worlds import MODEL, PERSON, Scene, a_scene, press_ctrl_c, version


class Odd:
    """A check whose facts are not what a page expects of a check of that name."""

    name, topic, weight = "evaluation", "Odd", Weight.ADVISES

    def ask(self, witness: object) -> Finding:
        del witness
        return Finding(Verdict.PASSED, "well", {"metrics": 7})


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 0, "@champion: v1 -&gt; v2"),
        (("--check",), 0, "may go"),
        (("--dry-run",), 0, "Nothing was written. In this order"),
        (("--version", "9"), 3, "not found"),
        (("--version", "3", "--compare-metrics"), 2, "refused"),
    ],
)
def test_every_decision_leaves_its_page(
    scene: Scene, words: tuple[str, ...], code: int, said: str, tmp_path: Path
) -> None:
    scene.registry.known[MODEL, "3"] = version("3", metrics={"f1": 0.1})
    path = tmp_path / "deep" / "page.html"
    path.parent.mkdir()
    path.write_text("of an older call")
    assert main([MODEL, *words, "--report-file", str(path)]) == code
    assert said in path.read_text(encoding="utf-8")


def test_a_rollback_leaves_its_page(scene: Scene, tmp_path: Path) -> None:
    assert main([MODEL]) == 0
    path = tmp_path / "page.html"
    assert main([MODEL, "--rollback", "--reason", "precision fell", "--report-file", str(path)]) == 0
    page = path.read_text(encoding="utf-8")
    assert "Rollback: " in page
    assert "precision fell" in page
    assert scene.aliases["champion"] == "1"


def test_a_page_that_cannot_be_written_undoes_nothing_and_never_passes_in_silence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file where a folder should be")
    scene = a_scene()
    request = Request(Mode.PROMOTE, MODEL, report_file=tmp_path / "file" / "page.html")
    outcome = paged(scene.promote(), request, scene.world)
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.WARNED, "2")
    assert "there is no new report: " in outcome.warnings[0]


def test_the_page_is_kept_with_the_record_and_the_record_knows_its_hash() -> None:
    scene = a_scene()
    assert scene.promote(reason="the new year's data").code is ExitCode.DONE
    (record,) = scene.journal.records
    page = record.files[PAGE]
    assert record.evidence["kept"][PAGE] == digest(page)
    for said in ("the new year&#39;s data", PERSON, f"#1 ({record.id})", "--rollback"):
        assert said in page.decode()
    (stored,) = scene.journal.stored(MODEL)
    line = line_of(stored)
    assert line
    assert scene.journal.beside(line, PAGE) == page
    assert scene.fits()
    assert scene.call(Mode.VERIFY_AUDIT).code is ExitCode.DONE


def test_a_page_that_cannot_be_drawn_undoes_nothing_and_never_passes_in_silence(tmp_path: Path) -> None:
    scene = a_scene(checks=(Odd(),))
    outcome = scene.promote()
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.WARNED, "2")
    assert "no page is kept with the record: it could not be drawn" in outcome.warnings[0]
    assert PAGE not in scene.journal.records[0].files
    assert scene.fits()
    again = paged(scene.promote("3"), Request(Mode.PROMOTE, MODEL, report_file=tmp_path / "page.html"), scene.world)
    assert "there is no new report" in again.warnings[-1]


class Interrupted(MemoryAccess):
    """Ctrl-C is pressed while the page is made."""

    def me(self) -> Identity:
        press_ctrl_c()
        return super().me()


def test_an_interrupt_while_the_page_is_written_comes_too_late(tmp_path: Path) -> None:
    scene, path = a_scene(), tmp_path / "page.html"
    done = scene.promote()
    scene.access = Interrupted(Identity(PERSON, vouched_by="test"), scene.rights)
    outcome = paged(done, Request(Mode.PROMOTE, MODEL, report_file=path), scene.world)
    assert (outcome.code, "came when" in outcome.warnings[0]) == (ExitCode.WARNED, True)
    assert PERSON in path.read_text(encoding="utf-8")


def test_what_only_looks_keeps_no_page() -> None:
    scene = a_scene(version("1"), version("2", tags={HOLD_TAG: "rolled back"}))
    assert scene.promote(mode=Mode.CHECK).code is ExitCode.REFUSED
    assert scene.journal.records == []
