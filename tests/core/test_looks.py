"""Of the looks of a canary a summary is kept that does not grow with them."""

import json

from model_promotion.core.health import Health, Reading
from model_promotion.core.jsonable import jsonable
from model_promotion.core.looks import Looks


def looks(*verdicts: Health, rung: int = 100) -> Looks:
    told = Looks()
    for at, verdict in enumerate(verdicts):
        told.add(rung, float(at), verdict, (Reading("error rate", verdict, "0 of 100 " * 200, {"n": at}),))
    return told


def test_a_day_of_looks_is_a_few_kilobytes() -> None:
    summary = looks(*[Health.INCONCLUSIVE, *[Health.PASS] * 4318, Health.INCONCLUSIVE]).summary
    assert len(json.dumps(jsonable(summary))) < 4096
    assert (summary["looks"], summary["verdicts"]) == (4320, {100: {"inconclusive": 2, "pass": 4318}})


def test_the_first_the_last_and_the_worst_are_kept_in_full() -> None:
    told = looks(Health.PASS, Health.INCONCLUSIVE, Health.FAIL, Health.INCONCLUSIVE)
    ends = {name: told.summary[name]["at"] for name in ("first", "last", "worst")}
    assert ends == {"first": 0.0, "last": 3.0, "worst": 2.0}
    assert told.summary["worst"]["readings"][0]["facts"] == {"n": 2}


def test_of_several_that_are_as_bad_the_newest_is_the_worst() -> None:
    assert looks(Health.ERROR, Health.PASS, Health.ERROR, Health.PASS).summary["worst"]["at"] == 2.0


def test_what_was_told_once_does_not_change_with_later_looks() -> None:
    told = looks(Health.PASS)
    before = told.summary
    told.add(100, 9.0, Health.FAIL, ())
    assert (before["looks"], before["verdicts"]) == (1, {100: {"pass": 1}})


def test_nothing_is_said_of_looks_that_were_not_made() -> None:
    assert Looks().summary == {"looks": 0, "verdicts": {}}
