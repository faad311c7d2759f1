"""What a watch learns from files, with the real engine: labels as they arrive, and data that drift."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from model_promotion.checks import data_drift
from model_promotion.core.errors import BadCall
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Finding
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.outcome import Outcome
from model_promotion.core.policy import Policy
from model_promotion.core.watch_rules import WatchPolicy
from model_promotion.engines.local import LocalEngine
from model_promotion.serving.memory_endpoints import MemoryEndpoints
from model_promotion.witness import Witness
from tests.worlds import MODEL, Scene, a_scene

Frame = Callable[[int], pd.DataFrame]


class Growing:
    """A clock's errand: at every look so many rows more."""

    def __init__(self, scene: Scene, write: Callable[[int], None]) -> None:
        self._sleep, self._write, self._looks = scene.clock.sleep, write, 0

    def __call__(self, wait_s: float) -> None:
        self._sleep(wait_s)
        self._looks += 1
        self._write(self._looks)


def a_shop(labels: Path, **more: Any) -> Scene:
    """Version 2 is champion, with an accuracy of 0.9 by the policy, and no endpoint is known."""
    policy = WatchPolicy(labels=str(labels), **({"accuracy": 0.9} | more))
    scene = a_scene(policy=Policy(watch=policy))
    scene.promote("2")
    scene.engine = LocalEngine(None)  # type: ignore[assignment,arg-type]
    return scene


def answers(rows: int, wrong: float, seed: int = 1) -> pd.DataFrame:
    truth = np.random.default_rng(seed).integers(0, 2, rows)
    prediction = np.where(np.arange(rows) * 387 % 1000 < 1000 * wrong, 1 - truth, truth)
    return pd.DataFrame({"row": np.arange(rows), "prediction": prediction.astype(float), "target": truth})


def watched(scene: Scene, write: Callable[[int], None], looks: int = 10) -> Outcome:
    write(0)
    scene.clock.sleep = Growing(scene, write)  # type: ignore[method-assign]
    return scene.watch(looks * 60.0)


def by_name(outcome: Outcome, name: str) -> list[dict[str, Any]]:
    return [one for look in outcome.facts["watch"]["looks"] for one in look["readings"] if one["name"] == name]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_accuracy_that_surely_fell_by_more_than_10_points_is_rolled_back(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"labels.{kind}"

    def write(look: int) -> None:
        frame = answers(100 * look + 1, 0.4)
        frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)

    scene = a_shop(path)
    outcome = watched(scene, write)
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.REFUSED, "1"), outcome.summary
    assert "accuracy_drop is" in outcome.summary
    assert HOLD_TAG in scene.registry.version(MODEL, "2").tags


@pytest.mark.parametrize(
    ("wrong", "code", "worst"),
    [
        (0.10, ExitCode.DONE, "fine"),
        (0.115, ExitCode.DONE, "fine"),
        (0.135, ExitCode.WARNED, "warning"),
        (0.175, ExitCode.WARNED, "critical"),
    ],
)
def test_accuracy_that_surely_fell_by_2_points_is_a_warning_and_by_5_an_alert(
    tmp_path: Path, wrong: float, code: ExitCode, worst: str
) -> None:
    path = tmp_path / "labels.parquet"
    scene = a_shop(path)
    outcome = watched(scene, lambda look: answers(4000 * look + 1, wrong).to_parquet(path))
    assert (outcome.code, scene.aliases["champion"]) == (code, "2"), outcome.summary
    assert by_name(outcome, "accuracy_drop")[-1]["severity"] == worst, outcome.warnings
    assert len([one for one in scene.voice.events if one.topic == "Alert"]) == (worst == "critical")


def test_labels_in_one_file_and_answers_in_another_are_joined_by_id(tmp_path: Path) -> None:
    labels, predictions = tmp_path / "labels.csv", tmp_path / "predictions.parquet"

    def write(look: int) -> None:
        frame = answers(100 * look + 50, 0.4)
        frame[["row", "prediction"]].to_parquet(predictions)
        # Truth comes a look later, and in any order.
        frame[["row", "target"]].head(100 * max(0, look - 1)).sample(frac=1).to_csv(labels, index=False)

    labels.write_text("row,target\n")
    scene = a_shop(labels, predictions=str(predictions), id="row")
    outcome = watched(scene, write)
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.REFUSED, "1"), outcome.summary


def test_a_file_that_is_replaced_counts_each_id_once(tmp_path: Path) -> None:
    path = tmp_path / "labels.parquet"
    scene = a_shop(path, id="row")
    outcome = watched(scene, lambda look: answers(150 if look > 1 else 0, 0.4).to_parquet(path), 5)
    told = by_name(outcome, "accuracy_drop")
    assert [(one.get("n"), one["severity"]) for one in told] == [(None, "unknown")] + [(150, "critical")] * 4
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.WARNED, "2")
    assert "the rollback takes another look that says so" in " ".join(outcome.warnings)


def test_the_order_of_rows_does_not_matter_and_two_looks_that_say_it_are_enough(tmp_path: Path) -> None:
    path = tmp_path / "labels.parquet"

    def write(look: int) -> None:
        at = np.arange(120 * max(0, look - 1))
        pd.DataFrame({"prediction": at % 2, "target": np.ones(len(at), dtype=int)}).to_parquet(path)

    scene = a_shop(path, accuracy=0.9532)
    outcome = watched(scene, write)
    assert (outcome.code, scene.aliases["champion"]) == (ExitCode.REFUSED, "1"), outcome.summary
    told = by_name(outcome, "accuracy_drop")[-2:]
    assert [(one["n"], one["severity"]) for one in told] == [(120, "critical"), (240, "rollback")]
    assert told[-1]["value"] == pytest.approx(0.4532)


def test_the_recorded_accuracy_of_the_version_is_what_it_is_held_against(tmp_path: Path) -> None:
    path = tmp_path / "labels.parquet"
    scene = a_shop(path, accuracy=None)
    unknown = watched(scene, lambda look: answers(100 * look + 1, 0.4).to_parquet(path), 3)
    assert (unknown.code, scene.aliases["champion"]) == (ExitCode.WARNED, "2")
    assert "accuracy_drop is not known" in unknown.warnings[0]
    scene = a_shop(path, accuracy=None)
    known = scene.registry.known[MODEL, "2"]
    scene.registry.known[MODEL, "2"] = replace(known, metrics={"accuracy": 0.9})
    outcome = watched(scene, lambda look: answers(100 * look + 1, 0.4).to_parquet(path), 9)
    assert outcome.code is ExitCode.REFUSED


def test_rows_that_become_fewer_without_an_id_are_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    scene = a_shop(path)
    outcome = watched(scene, lambda look: answers(500 - 100 * look, 0.0).to_csv(path, index=False), 3)
    assert outcome.code is ExitCode.WARNED
    assert "without an id" in " ".join(outcome.warnings)


def test_labels_that_are_not_there_or_have_no_such_column_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadCall, match="no data at"):
        a_shop(tmp_path / "none.csv").watch()
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadCall, match="has no column prediction"):
        a_shop(tmp_path / "odd.csv").watch()


def test_drift_is_tested_a_bounded_number_of_times_however_many_looks_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pd.DataFrame({"age": np.random.default_rng(3).normal(40, 10, 3000)})
    frame.to_parquet(tmp_path / "then.parquet")
    scene = a_scene(endpoints=MemoryEndpoints().serve("churn", MODEL, v2=100))
    scene.engine = LocalEngine(None)  # type: ignore[assignment,arg-type]
    assert scene.promote("2", reference_data=str(tmp_path / "then.parquet")).done
    asked, ask = list[float](), data_drift.ask

    def counted(witness: Witness) -> Finding | None:
        asked.append(witness.policy.drift.alpha)
        return ask(witness)

    monkeypatch.setattr(data_drift, "ask", counted)
    outcome = scene.watch(50 * 60.0, current_data=str(tmp_path / "then.parquet"))
    assert (outcome.code, len(by_name(outcome, "data drift"))) == (ExitCode.DONE, 50), outcome.warnings
    assert asked == [pytest.approx(0.01 / 5 / 17)] * 17


@pytest.mark.parametrize(("shift", "code"), [(0.0, ExitCode.DONE), (30.0, ExitCode.WARNED)])
def test_inputs_that_drift_are_an_alert_and_never_a_rollback(tmp_path: Path, shift: float, code: ExitCode) -> None:
    rng = np.random.default_rng(3)
    for name, more in (("then", 0.0), ("now", shift)):
        pd.DataFrame({"age": rng.normal(40 + more, 10, 3000)}).to_parquet(tmp_path / f"{name}.parquet")
    scene = a_scene(endpoints=MemoryEndpoints().serve("churn", MODEL, v2=100))
    scene.engine = LocalEngine(None)  # type: ignore[assignment,arg-type]
    assert scene.promote("2", reference_data=str(tmp_path / "then.parquet")).done
    outcome = scene.watch(180.0, current_data=str(tmp_path / "now.parquet"))
    assert (outcome.code, scene.aliases["champion"]) == (code, "2"), outcome.warnings
    drift = by_name(outcome, "data drift")
    assert {one["severity"] for one in drift} == {"critical" if shift else "fine"}
    assert len(drift) == 3
    assert len([one for one in scene.voice.events if one.topic == "Alert"]) == (1 if shift else 0)
