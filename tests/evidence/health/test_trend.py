"""The trend of accuracy: a fall is told once, a rise and chance are not."""

import sys

import numpy as np
import pytest

from model_promotion.core.errors import BadCall
from model_promotion.core.health import Health
from model_promotion.evidence.health.trend import Trend


def told(shares: list[float], labels: int = 50, seed: int = 1) -> list[Health]:
    rng, trend = np.random.default_rng(seed), Trend()
    return [trend.after((rng.random(labels) < share).tolist()).verdict for share in shares]


def test_a_fall_is_told_once() -> None:
    pytest.importorskip("river")
    found = told([0.9] * 60 + [0.7] * 60)
    assert Health.FAIL not in found[:60]
    assert found[60:66].count(Health.FAIL) == found.count(Health.FAIL) == 1


def test_a_rise_is_none() -> None:
    pytest.importorskip("river")
    assert Health.FAIL not in told([0.7] * 60 + [0.9] * 60)


def test_it_is_told_and_never_decides() -> None:
    pytest.importorskip("river")
    trend = Trend()
    nothing, some = trend.after([]), trend.after([True, False])
    assert (nothing.verdict, nothing.decides) == (Health.INCONCLUSIVE, False)
    assert (some.verdict, some.decides, some.facts["accuracy"]) == (Health.PASS, False, 0.5)


def test_without_river_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "river.drift", None)
    with pytest.raises(BadCall, match="not installed") as caught:
        Trend()
    assert "pip install '.[trend]'" in caught.value.hint
