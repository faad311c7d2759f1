"""A process is as it was found, whatever was told to MLflow in it meanwhile."""

import contextlib
import logging
import os
import threading
import warnings
from typing import Any

import mlflow
import pytest
from mlflow.tracking._model_registry import utils as registry
from mlflow.tracking._tracking_service import utils as tracking

from model_promotion.clocks import SystemClock
from model_promotion.connections.address import Address
from model_promotion.connections.as_found import as_found, looking_at
from model_promotion.connections.deadline import Deadline
from model_promotion.connections.mlflow import HUSHED, MlflowConnection, hush, look_at

HERE, THERE = (Address(uri, uri) for uri in ("sqlite:////tmp/here.db", "sqlite:////tmp/there.db"))


def state() -> tuple[Any, ...]:
    """All that a process has once, without what MLflow's telemetry notes by itself."""
    levels = {name: logging.getLogger(name).level for name in (*HUSHED, "", "model_promotion")}
    told = tracking._tracking_uri, registry._registry_uri  # noqa: SLF001 - what was told, not what follows from it
    environ = {name: value for name, value in os.environ.items() if not name.startswith("_MLFLOW_TELEMETRY")}
    return environ, told, list(warnings.filters), levels


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("told", [None, "http://127.0.0.1:9"])
def test_what_was_told_meanwhile_is_forgotten(told: str | None, *, fails: bool) -> None:
    if told:
        mlflow.set_tracking_uri(told)
        mlflow.set_registry_uri(told)
    before = state()
    with contextlib.suppress(ZeroDivisionError), as_found():
        look_at("http://a", "http://b")
        hush()
        os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "1"
        os.environ["MLFLOW_TRACKING_URI"] = "http://c"
        _ = fails and 1 // 0
    assert state() == before


def test_a_real_connection_leaves_nothing(tmp_path: Any) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    mlflow.MlflowClient(uri, uri).create_registered_model("churn")
    before = state()
    with as_found():
        connection = MlflowConnection(Address(uri, uri), Deadline(60, SystemClock()))
        assert connection.call("look", lambda client: client.get_registered_model("churn")).name == "churn"
        assert state() != before
    assert state() == before


def test_where_mlflow_looks_there_already_it_is_told_nothing(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """To be told an address costs a notebook the settings of its tracing."""
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    mlflow.MlflowClient(uri, uri).create_registered_model("churn")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    MlflowConnection(Address(uri, uri), Deadline(60, SystemClock())).call("look", lambda client: client)
    assert (tracking._tracking_uri, registry._registry_uri) == (None, None)  # noqa: SLF001 - as above


def test_two_that_overlap_leave_what_was_there_before_the_first() -> None:
    before = state()
    first, second = looking_at(HERE), looking_at(THERE)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert mlflow.get_tracking_uri() == THERE.tracking_uri
    second.__exit__(None, None, None)
    assert state() == before


def test_one_within_another_goes_back_to_the_other() -> None:
    with looking_at(HERE):
        with looking_at(HERE), as_found():
            look_at("http://a", "http://b")
        assert mlflow.get_registry_uri() == HERE.registry_uri


def test_two_threads_take_turns() -> None:
    before, entered, seen = state(), threading.Event(), []

    def other() -> None:
        entered.wait(10)
        with as_found():
            seen.append(mlflow.get_tracking_uri())

    thread = threading.Thread(target=other)
    thread.start()
    with as_found():
        look_at("http://a", "http://b")
        entered.set()
        thread.join(0.2)
        assert seen == []
    thread.join(10)
    assert (seen, state()) == ([mlflow.get_tracking_uri()], before)
