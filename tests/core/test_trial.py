import json
from dataclasses import replace

import pytest

from model_promotion.core.trial import MAX_ANSWER_BYTES, TrialResult, beyond, judge, one_line, side_by_side

SOUND = TrialResult("candidate v7", None, 5, 5, ("score: double",), (), 1.25, 2.04, 98.4, 310.4, 0.5)
CHAMPION = replace(SOUND, label="champion v3", latency_ms=1.9, load_s=None)
ANSWER = {
    "error": None,
    "rows": 5,
    "predictions": 5,
    "columns": ["score: double"],
    "problems": [],
    "load_s": 1.25,
    "latency_ms": 2.04,
    "cpu_pct": 98.4,
    "peak_mib": 310.4,
}


def answer(**changes: object) -> bytes:
    return json.dumps({**ANSWER, **changes}).encode()


def test_an_honest_answer_is_taken_as_it_is() -> None:
    assert TrialResult.from_json(answer(), "candidate v7", 0.5) == SOUND


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        b"[" * 100_000,
        answer(surprise=1),
        answer(rows=True),
        answer(rows=-1),
        answer(rows=1.5),
        answer(rows="5"),
        answer(predictions=10**13),
        answer(columns="score"),
        answer(columns=[1]),
        answer(columns=["x"] * 201),
        answer(problems=None),
        answer(problems=[" "]),
        answer(error=""),
        answer(error=["x"]),
        answer(load_s=-0.1),
        answer(load_s="1"),
        answer(latency_ms=True),
        answer(latency_ms=float("nan")),
        answer(latency_ms=float("inf")),
        answer(peak_mib=10**400),
        answer().replace(b"2.04", b"1e999"),
        answer(error="x" * MAX_ANSWER_BYTES),
    ],
    ids=lambda text: text[:30].decode("latin-1") + "..." + text[-20:].decode("latin-1"),
)
def test_an_answer_with_one_thing_out_of_place_is_refused_whole(hostile: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        TrialResult.from_json(hostile, "candidate v7")


def test_foreign_text_becomes_one_short_printable_line() -> None:
    line = TrialResult.from_json(answer(error="\x1b[2Jboom\n\u202edone" + "x" * 5000), "candidate v7").error
    assert line is not None
    assert line.startswith("[2Jboom done")
    assert len(line) == 300
    assert line.isprintable()


def test_the_label_is_ours_and_never_the_childs() -> None:
    with pytest.raises(ValueError, match="agreed fields"):
        TrialResult.from_json(answer(label="champion v3"), "candidate v7")


def test_a_sound_candidate_passes_with_its_numbers_beside_the_champions() -> None:
    assert judge(SOUND, CHAMPION) == (
        True,
        "candidate v7: 5 answers for 5 rows, median 2.0 ms (champion v3: 1.9 ms)",
    )
    assert judge(SOUND, None) == (True, "candidate v7: 5 answers for 5 rows, median 2.0 ms")


def test_an_error_or_a_problem_refuses_and_says_which() -> None:
    assert judge(TrialResult("candidate v7", error="ValueError: boo")) == (False, "candidate v7: ValueError: boo")
    faulty = replace(SOUND, problems=("a", "b", "c", "d", "e"))
    assert judge(faulty, CHAMPION) == (False, "candidate v7: a; b; c; and 2 more")


@pytest.mark.parametrize("empty", [replace(SOUND, rows=0), replace(SOUND, predictions=0), TrialResult("candidate v7")])
def test_no_rows_or_no_answers_never_count_as_passed(empty: TrialResult) -> None:
    assert judge(empty, CHAMPION) == (False, "candidate v7: answered no row, so nothing is shown")


def test_a_champion_that_fails_does_not_hold_the_candidate_back() -> None:
    passed, sentence = judge(SOUND, TrialResult("champion v3", error="did not answer within 120 s"))
    assert passed
    assert sentence.endswith("no comparison, champion v3: did not answer within 120 s")


def test_both_failing_is_said_because_it_points_at_this_machine() -> None:
    lacking = "ModuleNotFoundError: No module named 'xgboost'"
    passed, sentence = judge(TrialResult("candidate v7", error=lacking), TrialResult("champion v3", error=lacking))
    assert not passed
    assert "(so does champion v3: ModuleNotFoundError" in sentence


def test_another_shape_of_answer_is_mentioned() -> None:
    sentence = judge(SOUND, replace(CHAMPION, columns=("long",)))[1]
    assert sentence.endswith("answers score: double, was long")


def test_the_table_has_units_and_a_dash_for_what_was_not_measured() -> None:
    assert side_by_side(SOUND, CHAMPION) == (
        ("load time", "-", "1.25 s"),
        ("median latency", "1.9 ms", "2.0 ms"),
        ("CPU of one core", "98 %", "98 %"),
        ("peak memory", "310 MiB", "310 MiB"),
        ("size on disk", "0.50 MiB", "0.50 MiB"),
    )
    assert {row[1] for row in side_by_side(SOUND, None)} == {"-"}


def test_a_line_within_the_limit_is_kept_to_the_letter() -> None:
    assert one_line("  a\tb  ") == "a b"


@pytest.mark.parametrize(
    ("most", "said"),
    [
        ({"latency_ms": None}, ()),
        ({"latency_ms": 100.0, "size_mib": 1.5}, ()),
        ({"latency_ms": 99.0}, ("the median latency in ms is 100, at most 99 is allowed",)),
        ({"cpu_pct": 150.0}, ("the CPU while it answers in % of one core is not known, at most 150 is allowed",)),
        ({"peak_mib": 1.0}, ("the peak memory in MiB is not known, at most 1 is allowed",)),
    ],
)
def test_a_measure_above_its_limit_is_said_and_one_that_was_not_taken_is_not_below_it(
    most: dict[str, float | None], said: tuple[str, ...]
) -> None:
    assert beyond(TrialResult("v7", latency_ms=100.0, size_mib=1.5), most) == said
