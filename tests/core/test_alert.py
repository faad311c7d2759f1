"""Which outcome is how grave, and what is told of it."""

from typing import Any

import pytest

from model_promotion.core.alert import Alert, alert_of, alert_of_end, severity_of, severity_of_end
from model_promotion.core.alert_policy import Severity
from model_promotion.core.exits import ExitCode
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode, Request
from model_promotion.core.steps import Entry, SetAlias

MOVED = (Entry(SetAlias("m", "champion", "1", "2"), 0.0),)
INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL
FLEET = {"promotions": [{"entries": [1], "exit_code": 0}, {"entries": [], "exit_code": 2}]}
PUT_BACK = {"promotions": [{"entries": [1], "exit_code": 2}]}
# what ended, how -> how grave that is
OUTCOMES: dict[str, tuple[Mode, int, dict[str, Any], Severity | None]] = {
    "promoted": (Mode.PROMOTE, 0, {"entries": MOVED}, INFO),
    "promoted with warnings": (Mode.PROMOTE, 1, {"entries": MOVED}, WARNING),
    "recorded in a file": (Mode.PROMOTE, 1, {"entries": MOVED, "record": "#2 in file x"}, WARNING),
    "recorded nowhere": (Mode.PROMOTE, 1, {"entries": MOVED, "record": "#2 in no journal at all (a)"}, CRITICAL),
    "already there": (Mode.PROMOTE, 0, {}, None),
    "refused": (Mode.PROMOTE, 2, {}, WARNING),
    "failed and put back": (Mode.PROMOTE, 2, {"entries": MOVED}, CRITICAL),
    "half done, registry gone": (Mode.PROMOTE, 4, {"entries": MOVED}, CRITICAL),
    "applied": (Mode.APPLY, 0, {"entries": MOVED}, INFO),
    "a stale plan": (Mode.APPLY, 2, {}, WARNING),
    "rolled back": (Mode.ROLLBACK, 0, {"entries": MOVED}, CRITICAL),
    "back already": (Mode.ROLLBACK, 0, {}, None),
    "not rolled back": (Mode.ROLLBACK, 2, {}, CRITICAL),
    "released": (Mode.RELEASE, 0, {"record": "#3 in MLflow"}, INFO),
    "nothing to release": (Mode.RELEASE, 0, {}, None),
    "a cleanup that lists": (Mode.CLEANUP, 0, {}, None),
    "a healthy watch": (Mode.WATCH, 0, {"facts": {"watch": {"ended": "the time is over"}}}, INFO),
    "a watch with warnings": (Mode.WATCH, 1, {"facts": {"watch": {"ended": "the time is over"}}}, WARNING),
    "a superseded watch": (Mode.WATCH, 1, {"facts": {"watch": {"ended": "superseded"}}}, WARNING),
    "rolled back by its watch": (Mode.WATCH, 2, {"facts": {"watch": {"ended": "rolled back"}}}, CRITICAL),
    "to be rolled back, and not": (Mode.WATCH, 4, {"facts": {"watch": {"ended": "not rolled back"}}}, CRITICAL),
    "rolled back after its promotion": (Mode.PROMOTE, 2, {"facts": {"watch": {"ended": "rolled back"}}}, CRITICAL),
    "records that fit": (Mode.VERIFY_AUDIT, 0, {}, INFO),
    "a record that does not fit": (Mode.VERIFY_AUDIT, 2, {}, CRITICAL),
    "a fleet of which one moved": (Mode.PROMOTE, 0, {"facts": FLEET}, INFO),
    "a fleet of which one was refused": (Mode.PROMOTE, 2, {"facts": FLEET}, WARNING),
    "a fleet of which one was put back": (Mode.PROMOTE, 2, {"facts": PUT_BACK}, CRITICAL),
    "a fleet that is there already": (Mode.PROMOTE, 0, {"facts": {"promotions": [{"entries": []}]}}, None),
}
ENDS: dict[str, tuple[Mode, ExitCode, Severity | None]] = {
    "not found": (Mode.PROMOTE, ExitCode.NOT_FOUND, WARNING),
    "not allowed": (Mode.PROMOTE, ExitCode.DENIED, WARNING),
    "somebody else at work": (Mode.PROMOTE, ExitCode.REFUSED, WARNING),
    "interrupted": (Mode.PROMOTE, ExitCode.INTERRUPTED, WARNING),
    "a defect": (Mode.PROMOTE, ExitCode.DEFECT, CRITICAL),
    "a wrong call": (Mode.PROMOTE, ExitCode.USAGE, None),
    "no way back": (Mode.ROLLBACK, ExitCode.NOT_FOUND, CRITICAL),
    "no records to verify": (Mode.VERIFY_AUDIT, ExitCode.DENIED, CRITICAL),
}


@pytest.mark.parametrize(("mode", "code", "more", "grave"), OUTCOMES.values(), ids=OUTCOMES.keys())
def test_how_grave_an_outcome_is(mode: Mode, code: int, more: dict[str, Any], grave: Severity | None) -> None:
    assert severity_of(Outcome(mode, ExitCode(code), "said", "m", **more)) is grave


@pytest.mark.parametrize(("mode", "code", "grave"), ENDS.values(), ids=ENDS.keys())
def test_how_grave_an_error_is(mode: Mode, code: ExitCode, grave: Severity | None) -> None:
    assert severity_of_end(mode, code) is grave


def test_an_alert_has_what_it_takes_to_look_further() -> None:
    outcome = Outcome(
        Mode.PROMOTE, ExitCode.WARNED, "moved", "m", "1", "2", entries=MOVED, record="#2 in MLflow", undo="p --rollback"
    )
    alert = alert_of(outcome, Request(Mode.PROMOTE, "m", reason="it was better"))
    assert alert == Alert(
        WARNING, "moved", "m", "v2", "v1", "@champion", "", "it was better", 1, "#2 in MLflow", "go back: p --rollback"
    )
    assert alert.title == "[warning] m @champion"


def test_an_alert_of_an_error_names_what_was_asked() -> None:
    alert = alert_of_end(ExitCode.NOT_FOUND, "no such model", Request(Mode.PROMOTE, "m"))
    assert alert == Alert(WARNING, "no such model", "m", alias="@champion", exit_code=3)


def test_whatever_strangers_wrote_is_one_line_without_secrets() -> None:
    alert = Alert(INFO, "a\nb token=hunter22", model="m\r\nX: y", why="\x1b[2Jslack://T0ken/x")
    assert alert.title == "[info] m X: y"
    assert alert.text == "a b token=***\n\nmodel: m X: y\nwhy: [2Jslack://***"
