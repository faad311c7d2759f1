"""Which columns drift is told of, and what is said where there is nothing to tell of."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model_promotion.core.finding import Verdict
from model_promotion.core.policy import DriftRules, Policy
from model_promotion.core.request import Mode
from model_promotion.evidence.keeping import FILE, unpacked
from tests.checks.drifting import Shop, rows


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_named_reference_judges_what_the_model_takes_and_names_what_it_does_not(shop: Shop) -> None:
    table = rows(5).set_column(3, "seen", pa.array(np.arange(400) + 10**9, pa.timestamp("s")))
    pq.write_table(table.append_column("extra", [["x"] * 400]), shop.folder / "later.parquet")
    found = shop.told("2", reference="then", current="later")
    compared = "none of 2 columns drifted; 1 column was not compared: payload (binary)"
    assert found.verdict is Verdict.PASSED
    assert found.sentence == f"{compared}; no input of v2, so not judged: seen, extra"
    assert found.facts["not_judged"] == ("seen", "extra")
    assert set(unpacked(found.keeps[FILE]).edges.columns) == {"age", "city"}


def test_a_column_that_the_policy_names_is_judged_and_kept_beside_those_that_the_model_takes(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.policy = Policy(drift=DriftRules(columns=("seen",)))
    named = shop.told("2", Mode.PROMOTE, reference="then", current="same")
    assert named.sentence == "none of 3 columns drifted; 1 column was not compared: payload (binary)"
    kept = shop.told("3", current="moved")
    assert kept.sentence.startswith("1 of 3 columns drifted: age")
    pq.write_table(rows(6).drop_columns(["seen"]), tmp_path / "unseen.parquet")
    found = shop.told("3", current="unseen")
    assert (found.verdict, found.sentence.endswith("; not in the current data: seen")) == (Verdict.UNKNOWN, True)


def test_a_column_that_the_reference_never_held_cannot_be_told_of(shop: Shop) -> None:
    pq.write_table(rows(7).drop_columns(["age"]), shop.folder / "ageless.parquet")
    found = shop.told("2", reference="ageless", current="same")
    assert (found.verdict, "; not in the reference: age; " in found.sentence) == (Verdict.UNKNOWN, True)


@pytest.mark.parametrize("name", ["head.csv", "zero.parquet"])
def test_data_without_a_row_are_one_text_and_never_pass_nor_are_kept(shop: Shop, name: str) -> None:
    empty = str(shop.folder / name)
    if name.endswith(".csv"):
        Path(empty).write_text("age,city,payload,seen\n")
    else:
        pq.write_table(rows(1).slice(0, 0), empty)
    for named in (
        {"reference": empty},
        {"reference": empty, "current": "same"},
        {"reference": "then", "current": empty},
    ):
        found = shop.told("2", **named)
        assert (found.verdict, found.sentence, found.hint) == (
            Verdict.UNKNOWN,
            f"{empty} holds no row",
            "name data with rows",
        )
        assert not found.keeps


def test_a_reference_without_any_column_of_the_model_is_not_kept(shop: Shop) -> None:
    pq.write_table(rows(7).select(["seen"]), shop.folder / "other.parquet")
    found = shop.told("2", reference="other")
    assert (found.verdict, "has no column that it takes" in found.sentence) == (Verdict.UNKNOWN, True)


def test_a_column_of_a_csv_that_is_empty_throughout_has_lost_its_values(shop: Shop) -> None:
    (shop.folder / "hollow.csv").write_text("age,city,payload,seen\n" + ",Rome,x,\n" * 400)
    found = shop.told("2", reference="then", current=str(shop.folder / "hollow.csv"))
    assert found.verdict is Verdict.FAILED
    assert "age is missing in 100.0% (was 0.0%)" in found.sentence
