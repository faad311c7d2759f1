import pytest

from model_promotion import AlertsService
from model_promotion.core.errors import BadCall, Unavailable, WrongValue
from tests.alerts.receivers import dead_port, webhook


def test_who_is_told_is_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    service = AlertsService()
    service.start()
    service.notify(title="Promotion Job Completed", message="v3 is champion\nand so on")
    service.stop()
    (record,) = caplog.records
    assert record.name == "model_promotion.alerts"
    assert record.message == "Promotion Job Completed: v3 is champion\\x0aand so on"


def test_addresses_are_told_too_and_each_thing_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook() as receiver:
        monkeypatch.setenv("OPS_WEBHOOK", receiver.address)
        service = AlertsService(to=("OPS_WEBHOOK",))
        service.start()
        service.notify(title="Promotion Job Completed", message="v3 is champion")
        service.notify(title="Promotion Job Completed", message="v3 is champion")
        service.stop()
    assert [(one["title"], one["message"]) for one in receiver.told] == [
        ("[info] Promotion Job Completed", "v3 is champion")
    ]


def test_what_does_not_arrive_is_an_error_without_the_address() -> None:
    service = AlertsService(to=f"json://127.0.0.1:{dead_port()}/T0ken")
    with pytest.raises(Unavailable, match=r"^json: ") as failed:
        service.notify("done", "v3 is champion")
    assert "T0ken" not in f"{failed.value}{service!r}"


def test_an_address_that_is_none_is_a_wrong_value_and_one_of_no_use_stops_the_start() -> None:
    with pytest.raises(WrongValue, match="neither an address nor the name of a variable"):
        AlertsService(to=("T0ken x",))
    with pytest.raises(BadCall, match="nobody can be told by NO_SUCH_VARIABLE"):
        AlertsService(to=("NO_SUCH_VARIABLE",)).start()
