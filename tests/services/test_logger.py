import logging

import pytest

from model_promotion import LoggerService
from model_promotion.core.event import Event, Kind, Table
from model_promotion.services.logger import NAME, LoggedVoice


def test_where_nobody_set_up_logging_lines_go_to_stderr_while_it_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # pytest's own
    service = LoggerService()
    service.start()
    service.logger().info("within")
    service.logger().debug("too fine")
    service.stop()
    service.logger().info("afterwards")
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), "INFO    model_promotion: within" in err) == ("", 1, True)
    assert (service.logger().handlers, service.logger().level) == ([], logging.NOTSET)


def test_where_somebody_did_each_line_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    service = LoggerService(level="DEBUG")
    service.start()
    assert service.logger().handlers == []
    service.logger().debug("fine")
    service.stop()
    assert caplog.messages == ["fine"]


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        (Kind.WORKING, "INFO"),
        (Kind.PASSED, "INFO"),
        (Kind.WARNED, "WARNING"),
        (Kind.UNKNOWN, "WARNING"),
        (Kind.FAILED, "ERROR"),
    ],
)
def test_each_kind_of_line_has_its_level(kind: Kind, level: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    LoggedVoice(logging.getLogger(NAME)).tell(Event(kind, "Topic", "a sentence"))
    assert [(record.levelname, record.message) for record in caplog.records] == [(level, "[Topic] a sentence")]


def test_a_table_is_a_line_for_each_row(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    table = Table(("metric", "change"), (("f1", "+0.05"), ("rmse", "-0.05")))
    LoggedVoice(logging.getLogger(NAME)).tell(Event(Kind.PASSED, "Metrics", "two", table))
    assert caplog.messages == ["[Metrics] two", "[Metrics] f1 | +0.05", "[Metrics] rmse | -0.05"]


def test_no_line_holds_a_secret_or_forges_another(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    voice = LoggedVoice(logging.getLogger(NAME))
    with voice.during("something long"):
        voice.tell(Event(Kind.WORKING, "T", "token=abc123 at http://ada:pw@host\nERROR forged %s"))
    assert caplog.messages == ["[T] token=*** at http://***@host\\x0aERROR forged %s"]
