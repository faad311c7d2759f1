"""With --load-test: is the budget kept, by every endpoint, and does the run say anything at all?"""

from collections.abc import Callable
from typing import Any

import pytest

from model_promotion.checks import load_test
from model_promotion.core.answers import Asked
from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.load import Due, Ending, Load, LoadPolicy, LoadTest, Sample
from model_promotion.core.policy import CheckPolicy, Policy
from model_promotion.serving.memory import MemoryLoader, MemoryServers
from tests.worlds import Scene, a_scene, a_witness

URL, OTHER = "http://127.0.0.1:5001", "http://127.0.0.1:5002"
SOUND = Asked(4.2, 200, b'{"predictions": [1, 2, 3, 4, 5]}')
FIVE_MINUTES = LoadTest(20, 300)
Ends = Callable[[Load, Due], Sample]


def steadily(took_s: float, late_s: float = 0.0, ending: Ending = Ending.ANSWERED) -> Ends:
    return lambda _, due: Sample(due.target, due.at_s, late_s, took_s, ending)


def a_place(ends: Ends | None = None, asked: Asked = SOUND, **policy: Any) -> Scene:
    budget = Policy(load_test=LoadPolicy(**policy))
    return a_scene(servers=MemoryServers(asked), loader=MemoryLoader(ends, asked), policy=budget)


def ask(scene: Scene, *endpoints: str, test: LoadTest | None = FIVE_MINUTES) -> Finding | None:
    with a_witness(scene, endpoints=endpoints, load_test=test) as witness:
        return load_test.ask(witness)


def found(scene: Scene, *endpoints: str) -> Finding:
    finding = ask(scene, *endpoints or (URL,))
    assert finding
    return finding


def test_nothing_is_loaded_unless_it_is_asked() -> None:
    scene = a_place()
    assert ask(scene, URL, test=None) is None
    assert not scene.loader.runs


def test_a_policy_that_requires_it_says_how_fast_and_needs_an_endpoint() -> None:
    scene = a_place()
    scene.policy = Policy(checks={"load_test": CheckPolicy(required=True)}, load_test=LoadPolicy(duration_s=60))
    finding = ask(scene, test=None)
    assert finding
    assert (finding.verdict, finding.sentence) == (Verdict.UNKNOWN, "no endpoint was named")
    assert ask(scene, URL, test=None)
    assert [str(load.test) for load in scene.loader.runs] == ["50,60s"]


def test_an_endpoint_within_its_budget_passes_with_its_numbers() -> None:
    finding = found(a_place(steadily(0.02)))
    assert finding.verdict is Verdict.PASSED
    assert f"{URL} at " in finding.sentence
    assert "p50 20.0 [20.0, 20.0], p95 20.0 [20.0, 20.0], p99 20.0 [20.0, 20.0] ms of" in finding.sentence
    assert finding.sentence.endswith("none failed; p95 within 500 ms, p99 within 1000 ms, failures within 1 %")
    assert finding.facts["seed"] == LoadPolicy.seed
    (told,) = finding.facts["measured"]["endpoints"]
    assert sum(count for _, count in told["histogram"]) == told["sent"] > 5000


@pytest.mark.parametrize(
    ("ends", "verdict", "said"),
    [
        (steadily(0.7), Verdict.FAILED, "p95 over 500 ms, p99 within 1000 ms"),
        (steadily(0.01, ending=Ending.THROTTLED), Verdict.FAILED, "answered none of"),
        (steadily(0.01, ending=Ending.THROTTLED), Verdict.FAILED, "turned away (429)"),
        (steadily(0.02, late_s=0.05), Verdict.UNKNOWN, "the machine that sends could not keep up with 20/s"),
        (steadily(9.0, late_s=0.05), Verdict.UNKNOWN, "void"),
    ],
)
def test_what_is_not_surely_within_its_budget_does_not_pass(ends: Ends, verdict: Verdict, said: str) -> None:
    finding = found(a_place(ends))
    assert finding.verdict is verdict
    assert said in finding.sentence
    assert finding.hint


def test_too_few_requests_say_nothing_of_one_in_a_hundred() -> None:
    finding = ask(a_place(), URL, test=LoadTest(20, 5))
    assert finding
    assert finding.verdict is Verdict.UNKNOWN
    assert "p95 within 500 ms, too few requests to hold p99 against 1000 ms" in finding.sentence
    assert "p99 10.0 [" in finding.sentence
    assert ", ?] ms of" in finding.sentence
    nothing = ask(a_place(), URL, test=LoadTest(0.5, 0.01))
    assert nothing
    assert "is so little that no request was due" in nothing.sentence


def test_all_endpoints_are_loaded_in_one_run_and_the_worst_decides() -> None:
    scene = a_place(lambda _, due: Sample(due.target, due.at_s, 0, 0.01 if due.target == 0 else 2, Ending.ANSWERED))
    finding = found(scene, URL, OTHER)
    assert finding.verdict is Verdict.FAILED
    assert len(scene.loader.runs) == 1
    assert finding.table
    assert [row[-1] for row in finding.table.rows] == ["within", "over"]


def test_an_endpoint_that_does_not_answer_its_example_is_not_loaded() -> None:
    scene = a_place(asked=Asked(1, 500))
    finding = found(scene)
    assert (finding.verdict, scene.loader.runs) == (Verdict.UNKNOWN, [])
    assert "the example is not answered by" in finding.sentence


def test_each_row_of_the_example_is_a_request() -> None:
    scene = a_place()
    found(scene)
    assert [payload.rows for payload in scene.loader.runs[0].payloads] == [1] * 5


def up_to(rate_per_s: float) -> Ends:
    return lambda load, due: Sample(
        due.target, due.at_s, 0, 0.01 if load.test.rate_per_s <= rate_per_s else 3, Ending.ANSWERED
    )


def test_the_highest_rate_is_searched_where_the_policy_says_how_far() -> None:
    scene = a_place(up_to(130), search_to_per_s=400, warm_up_s=0)
    finding = ask(scene, URL, test=LoadTest(20, 60))
    assert finding
    assert finding.verdict is Verdict.PASSED
    rates = [load.test.rate_per_s for load in scene.loader.runs]
    assert rates[:5] == [20, 40, 80, 160, pytest.approx(113.1, abs=0.1)]
    assert "; up to 123.4/s within the budget" in finding.sentence
    assert finding.facts["measured"]["endpoints"][0]["highest_per_s"] == pytest.approx(123.4, abs=0.1)


def test_the_search_ends_where_who_sends_cannot_keep_up() -> None:
    scene = a_place(lambda load, due: Sample(0, due.at_s, load.test.rate_per_s / 1000, 0.01, Ending.ANSWERED))
    scene.policy = Policy(load_test=LoadPolicy(search_to_per_s=400))
    assert "up to 20/s within the budget, 40/s is too much for who sends" in found(scene).sentence
