"""Test results as JUnit XML: every case is in it, and nothing in it is anything but text."""

import xml.etree.ElementTree as ET

from model_promotion.core.finding import Finding, Verdict
from model_promotion.reports.junit import render


def case(name: str, kind: str, said: str, means: str, group: str = "model") -> dict[str, str]:
    return {"name": name, "kind": kind, "said": said, "means": means, "group": group}


def parsed(finding: Finding) -> ET.Element:
    suite = ET.fromstring(render(finding, "churn")).find("testsuite")  # noqa: S314 - written a line before
    assert suite is not None
    return suite


def test_each_case_is_there_with_how_it_ended_and_how_long_it_took() -> None:
    cases = [
        case("batch", "passed", "", "passed"),
        case("empty", "refused", "ValueError: no rows", "noted"),
        case("order", "skipped", "one row", "noted"),
        case("zero", "flawed", "answered NaN", "failed"),
        case("t.py::test_a", "broke", "no fixture", "failed", "tests"),
    ]
    suite = parsed(Finding(Verdict.FAILED, "two failed", {"cases": cases, "measured": {"took_s": {"batch": 0.25}}}))
    counts = {"tests": "5", "failures": "1", "errors": "1", "skipped": "1"}
    assert {name: suite.get(name) for name in counts} == counts
    inside = [[child.tag for child in node] for node in suite]
    assert inside == [[], ["system-out"], ["skipped"], ["failure"], ["error"]]
    assert [node.get("classname") for node in suite] == ["churn.model"] * 4 + ["churn.tests"]
    assert suite[0].get("time") == "0.250"
    assert suite[3][0].get("message") == "answered NaN"


def test_models_that_could_not_even_be_tried_are_an_error_and_not_an_empty_file() -> None:
    suite = parsed(Finding(Verdict.FAILED, "there are no rows to send it"))
    assert (suite.get("tests"), suite.get("errors"), suite[0][0].get("message")) == (
        "1",
        "1",
        "there are no rows to send it",
    )


def test_what_strangers_wrote_is_text_and_no_markup_and_no_secret() -> None:
    said = "</testcase>\x1b[2J\x00 https://ada:secret@example.invalid/"
    suite = parsed(Finding(Verdict.FAILED, "", {"cases": [case("<a>", "flawed", said, "failed")]}))
    text = str(suite[0][0].get("message"))
    assert text.startswith("</testcase>\N{REPLACEMENT CHARACTER}[2J")
    assert "secret" not in text
    assert (len(suite), suite[0].get("name")) == (1, "<a>")
