"""What goes out through apprise, read where it arrives; and what is said of it where it does not."""

import logging
import sys

import pytest

from model_promotion.alerts._delivery import Delivery
from model_promotion.alerts.apprise import connect
from model_promotion.clocks import MemoryClock
from model_promotion.core.alert import Alert
from model_promotion.core.alert_policy import AlertPolicy, Route, Severity
from model_promotion.core.errors import BadCall
from tests.alerts.receivers import Receiver, dead_port, mail_server, webhook

TOLD = Alert(
    Severity.CRITICAL,
    "churn: @champion is back at v1",
    model="churn",
    version="v1",
    was="v2",
    alias="@champion",
    who="ada@example.com",
    why="precision fell",
    exit_code=0,
    record="#3 in MLflow",
    next="promote_model.py churn --version 2 --release",
)
HOSTILE = Alert(
    Severity.WARNING,
    "churn\nBcc: eve@example.com <script>alert(1)</script>",
    model="churn\r\nBcc: eve@example.com",
    why="<img src=x onerror=alert(1)>\x1b[2J token=hunter22",
)


def test_a_webhook_is_told_all_that_is_known() -> None:
    with webhook() as receiver:
        assert connect(receiver.address).send(TOLD) == ""
    (told,) = receiver.told
    assert (told["title"], told["type"]) == ("[critical] churn @champion", "failure")
    assert told["message"].splitlines() == [
        "churn: @champion is back at v1",
        "",
        "model: churn",
        "version: v1",
        "before: v2",
        "where: @champion",
        "who: ada@example.com",
        "why: precision fell",
        "exit code: 0",
        "record: #3 in MLflow",
        "next: promote_model.py churn --version 2 --release",
    ]


def test_a_mail_arrives_as_it_was_written() -> None:
    with mail_server() as (box, address):
        assert connect(address).send(TOLD) == ""
    (mail,) = box.mails
    assert (mail["subject"], box.recipients) == ("[critical] churn @champion", ["ops@example.com"])
    assert "why: precision fell" in mail.get_body(("html", "plain")).get_content()  # type: ignore[union-attr]


@pytest.mark.parametrize("form", ["html", "text"])
def test_hostile_text_is_text_in_a_mail_and_its_subject_one_line(form: str) -> None:
    with mail_server() as (box, address):
        assert connect(f"{address}&format={form}").send(HOSTILE) == ""
    (mail,) = box.mails
    assert mail["subject"] == "[warning] churn Bcc: eve@example.com"
    assert (mail["bcc"], box.recipients) == (None, ["ops@example.com"])
    shown = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
    assert "<script" not in shown.get("text/html", "")
    assert "<img" not in shown.get("text/html", "")
    assert not any("\x1b" in text or "hunter22" in text for text in shown.values())


def test_a_dead_port_is_told_without_the_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    why = connect(f"json://ada:hunter22@127.0.0.1:{dead_port()}/T0ken-of-the-hook?+key=s3cret").send(TOLD)
    assert "onnection" in why
    said = why + caplog.text
    assert not [secret for secret in ("hunter22", "T0ken", "s3cret", "127.0.0.1") if secret in said]


def test_a_webhook_that_refuses_is_told_with_its_answer(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with webhook(403) as receiver:
        why = connect(f"{receiver.address}/T0ken").send(TOLD)
    assert "403" in why
    assert "T0ken" not in why + caplog.text
    assert capsys.readouterr() == ("", ""), "apprise's own lines would show what is no business of a terminal's"


def a_delivery(receiver: Receiver, **policy: float) -> Delivery:
    route = Route("OPS", receiver.address, frozenset(Severity))
    return Delivery([route], connect, AlertPolicy(**policy), MemoryClock())  # type: ignore[arg-type]


def test_a_webhook_that_fails_twice_is_told_at_the_third_attempt() -> None:
    with webhook(500, 503) as receiver:
        delivery = a_delivery(receiver)
        delivery.tell(TOLD)
        (sent,) = delivery.settled()
    assert (sent.state, sent.attempts, receiver.asked, len(receiver.told)) == ("sent", 3, 3, 1)


def test_a_webhook_that_does_not_answer_is_given_up_in_time() -> None:
    with webhook(hangs=True) as receiver:
        delivery = a_delivery(receiver, timeout_s=0.3)
        delivery.tell(TOLD)
        (sent,) = delivery.settled()
        assert (sent.failed, sent.why) == (True, "no answer within 0.3 s; it may still arrive")


@pytest.mark.parametrize("address", ["nothing://T0ken", "slack://T0ken", "mailto://T0ken:x"])
def test_an_address_that_apprise_cannot_use_is_a_wrong_call_that_does_not_repeat_it(address: str) -> None:
    with pytest.raises(BadCall, match="apprise cannot use it") as refused:
        connect(address)
    assert "t0ken" not in f"{refused.value} {refused.value.hint}".lower()


def test_without_apprise_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(BadCall, match="not installed") as refused:
        connect("json://127.0.0.1")
    assert "pip install '.[alerts]'" in refused.value.hint
