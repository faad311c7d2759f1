"""What is drawn says what the facts say; what is no number is not drawn."""

from typing import Any

import pytest

from model_promotion.core.jsonable import jsonable
from model_promotion.reports.drawing import Drawing, Shape
from model_promotion.reports.plots import LEFT, MOST_ROWS, RIGHT, drawings
from model_promotion.reports.serving_plots import canary
from tests.reports.pages import canaried, drifted, evaluated, loaded

MIDDLE = (LEFT + RIGHT) / 2


def metric(**changes: Any) -> dict[str, Any]:
    told = {"metric": "f1", "low": -0.01, "change": 0.01, "high": 0.03, "margin": 0.02, "must_gain": None}
    return {**told, "direction": "higher", "verdict": "passed", **changes}


def drawn(check: str, **facts: Any) -> Drawing:
    (one,) = drawings(check, facts)
    return one


def of(drawing: Drawing, tag: str, kind: str = "") -> list[Shape]:
    return [one for one in drawing.shapes if one.tag == tag and kind in (one.attributes.get("class"), "")]


def texts(drawing: Drawing) -> list[str]:
    return [one.said for one in drawing.shapes if one.tag == "text"]


@pytest.mark.parametrize(
    ("told", "bar", "limit"),
    [
        (metric(), (MIDDLE - 51.7, 206.7), MIDDLE - 103.3),
        (metric(direction="lower"), (LEFT, 206.7), MIDDLE - 103.3),
        (metric(must_gain=0.02), (MIDDLE - 51.7, 206.7), MIDDLE + 103.3),
    ],
    ids=["more is better", "less is better", "a gain is asked for"],
)
def test_to_the_right_is_better_and_the_tick_is_what_it_has_to_lie_right_of(
    told: dict[str, Any], bar: tuple[float, float], limit: float
) -> None:
    made = drawn("evaluation", metrics=[told])
    (found,), (tick,) = of(made, "rect"), of(made, "line", "limit")
    assert (found.attributes["x"], found.attributes["width"]) == pytest.approx(bar, abs=0.1)
    assert tick.attributes["x1"] == pytest.approx(limit, abs=0.1)
    assert "+0.0100 [-0.0100, +0.0300]" in texts(made)


@pytest.mark.parametrize("unknown", ["nan", "inf", None, float("nan")])
def test_what_is_no_number_is_not_drawn(unknown: object) -> None:
    assert drawings("evaluation", {"metrics": [metric(low=unknown)]}) == ()
    distance = {"column": "age", "statistic": "ks", "value": unknown, "threshold": 0.1, "drifted": False}
    assert drawings("data_drift", {"distances": [distance]}) == ()


@pytest.mark.parametrize("check", ["evaluation", "data_drift", "load_test", "better_than_champion", "own.check"])
def test_facts_that_say_nothing_draw_nothing(check: str) -> None:
    assert drawings(check, {}) == ()


def test_a_change_of_nothing_at_all_can_be_drawn() -> None:
    made = drawn("evaluation", metrics=[metric(low=0.0, change=0.0, high=0.0, margin=0.0)])
    assert of(made, "circle")[0].attributes["cx"] == MIDDLE


def test_many_slices_are_cut_with_the_worst_first_and_share_a_scale() -> None:
    many = [metric(metric=f"s{number}", low=-number / 1000) for number in range(MOST_ROWS + 5)]
    made = drawn("evaluation", slices=many)
    assert len(of(made, "circle")) == MOST_ROWS
    assert texts(made)[3] == f"s{MOST_ROWS + 4}"
    assert f"The first {MOST_ROWS} of {MOST_ROWS + 5}" in made.told


def test_a_long_name_is_cut_where_there_is_no_room() -> None:
    assert f"{'x' * 25}…" in texts(drawn("evaluation", metrics=[metric(metric="x" * 500)]))


def test_what_the_evaluation_found_is_drawn() -> None:
    facts = jsonable(evaluated().facts)
    metrics, slices = drawings("evaluation", facts)
    assert len(of(metrics, "circle")) == len(facts["metrics"])
    assert len(of(slices, "circle")) == len(facts["slices"]) == 2


def test_a_column_that_drifted_comes_first_and_goes_beyond_the_threshold() -> None:
    (made,) = drawings("data_drift", jsonable(drifted().facts))
    first, second = of(made, "rect")
    assert (first.attributes["class"], second.attributes["class"]) == ("failed", "passed")
    assert float(first.attributes["width"]) > (RIGHT - LEFT) / 3 > float(second.attributes["width"])
    assert "plan" in texts(made)


def test_each_endpoint_has_its_latencies_with_quantiles_and_budget() -> None:
    facts = jsonable(loaded().facts)
    made = drawings("load_test", facts)
    assert [one.title for one in made] == ["Latency of champion", "Latency of candidate"]
    for one, told in zip(made, facts["measured"]["endpoints"], strict=True):
        assert len(of(one, "rect")) == len(told["histogram"])
        assert len(of(one, "line", "mark")) == 3
        places = [float(mark.attributes["x1"]) for mark in of(one, "line", "mark")]
        assert places == sorted(places)
        assert any("p95 budget" in said for said in texts(one))


def test_one_bin_alone_can_be_drawn() -> None:
    quantile = {"value": 1.1, "low": None, "high": None}
    told = {"name": "e", "sent": 5, "histogram": [[1.259, 5]], "quantiles": {"p50_ms": quantile}}
    made = drawn("load_test", measured={"endpoints": [told]}, budget={})
    assert len(of(made, "rect")) == 1


def test_the_traffic_goes_up_by_steps_and_back_where_a_look_was_bad() -> None:
    (made,) = canary(jsonable(canaried().facts))
    heights = [float(one.attributes["y1"]) for one in of(made, "line", "course")]
    assert min(heights) < heights[0]
    assert [one.attributes["class"] for one in of(made, "circle")][1:] == ["fail", "fail"]
    assert "worst: fail" in texts(made)
