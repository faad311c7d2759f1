"""The gates decide rightly as often as they say: a small part of benchmarks/decisions.py, and its page."""

import pytest

from benchmarks.decisions import MARKS, PAGE, TABLES, Effort, Row, drifts, gates, markdown, rates, several
from benchmarks.truths import F1, Calls, accuracy, called, rare_harm, worlds

QUICK = Effort(quick=True)


@pytest.mark.parametrize("part", [gates, several, drifts])
def test_no_rate_of_wrong_decisions_is_above_alpha(part: type[gates]) -> None:
    assert [row.cells for row in part(QUICK) if not row.holds] == []


def test_a_rate_above_alpha_would_be_seen() -> None:
    assert not Row(("x",), (0.01, 0.08), 2000).holds
    assert Row(("x",), (0.01, 0.055), 2000).holds


def test_what_is_drawn_depends_on_the_world_only() -> None:
    first, again = (rates(accuracy(300, 0.95, 0.05), 0.0, 20) for _ in range(2))
    assert first == again
    clustered = called(250, ("F1", F1), Calls(0.3, 0.1, 0.2), rows_per_unit=5)
    assert rates(clustered, 0.0, 3) == rates(clustered, 0.0, 3)


def test_harm_that_a_sample_has_not_seen_does_not_pass() -> None:
    assert rates(rare_harm(100, 0.01, 1.0), -0.01, 100).passed == 0.0


def test_the_page_has_every_world() -> None:
    measured = PAGE.read_text(encoding="utf-8").partition(MARKS[0])[2].partition(MARKS[1])[0]
    told = {tuple(cell.strip() for cell in line.split("|")[1:5]) for line in measured.splitlines() if line[:1] == "|"}
    assert {(each.gate, each.what, f"{each.n:,}", f"{each.margin:.3g}") for each in worlds()} <= told
    for title in TABLES:
        assert markdown(title, ()).rstrip() in measured
