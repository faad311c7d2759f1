import pytest

from model_promotion import AlertsService


def test_who_is_told_is_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    service = AlertsService()
    service.start()
    service.notify(title="Promotion Job Completed", message="v3 is champion\nand so on")
    service.stop()
    (record,) = caplog.records
    assert record.name == "model_promotion.alerts"
    assert record.message == "Promotion Job Completed: v3 is champion\\x0aand so on"
