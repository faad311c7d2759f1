"""A reviewed plan as text: it comes back as it was, and nobody's edit, accident or malice gets past reading it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.core.errors import BadCall, Conflict
from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.record import HEAD_TAG, digest
from model_promotion.core.reviewed import (
    MOST_CHARACTERS,
    Reviewed,
    ReviewedFleet,
    ReviewedUnit,
    changes,
    facts_of,
    parse,
)
from tests.worlds import a_plan, a_scene

ASKED = {"model": "shop.churn", "candidate": "2", "target_alias": "champion", "force": False, "reason": "würzig"}
FACTS = {"registry": "memory", "policy": "0" * 64, "@champion": "v1", "newest record": "none"}
PLAN = Reviewed("ada", 1_700_000_000.123, ASKED, FACTS, ("@prev_champion: nothing -> v1", "@champion: v1 -> v2"))

texts = st.text(max_size=40)
scalars = st.none() | st.booleans() | st.integers() | texts
plans = st.builds(
    Reviewed,
    texts,
    st.integers(0, 4_000_000_000_000).map(lambda ms: ms / 1000),
    st.dictionaries(texts, scalars, max_size=5),
    st.dictionaries(texts, texts, max_size=5),
    st.lists(texts, max_size=4).map(tuple),
)


@given(plans)
def test_a_plan_comes_back_as_it_was(plan: Reviewed) -> None:
    assert Reviewed.parse(plan.text) == plan


@given(st.integers(0, len(PLAN.text) - 1), st.characters(max_codepoint=127))
def test_an_edit_of_any_letter_is_refused_or_changes_nothing(at: int, letter: str) -> None:
    edited = PLAN.text[:at] + letter + PLAN.text[at + 1 :]
    try:
        assert Reviewed.parse(edited) == PLAN
    except (BadCall, Conflict):
        assert edited != PLAN.text


@pytest.mark.parametrize("cut", range(1, len(PLAN.text) - 2, 7))
def test_half_a_plan_is_none(cut: int) -> None:
    with pytest.raises(BadCall, match="no plan of this program"):
        Reviewed.parse(PLAN.text[:cut])


def altered(**fields: Any) -> dict[str, Any]:
    return {**json.loads(PLAN.text), **fields}


def sealed(**fields: Any) -> str:
    """The plan with other fields and a seal that fits them: what somebody writes who knows how sealing goes."""
    body = {name: value for name, value in altered(**fields).items() if name != "sha256"}
    return json.dumps({**body, "sha256": digest(json.dumps(body, sort_keys=True, separators=(",", ":")))})


@pytest.mark.parametrize(
    "edit",
    [
        {"made_by": "grace"},
        {"made_at": 1_700_000_001},
        {"asked": {**ASKED, "force": True}},
        {"asked": {**ASKED, "candidate": "3"}},
        {"facts": {**FACTS, "@champion": "v9"}},
        {"facts": {}},
        {"writes": []},
        {"sha256": "0" * 64},
        {"sha256": None},
        {"sha256": ["x"]},
        {"one more": 1},
    ],
    ids=json.dumps,
)
def test_an_edited_plan_is_a_conflict_and_says_so(edit: dict[str, Any]) -> None:
    with pytest.raises(Conflict, match="edited after it was made"):
        Reviewed.parse(json.dumps(altered(**edit)))


def test_how_the_json_is_laid_out_does_not_matter() -> None:
    assert Reviewed.parse(json.dumps(json.loads(PLAN.text), separators=(",", ":"))) == PLAN


def nested(depth: int) -> Any:
    return json.loads("[" * depth + "]" * depth)


HOSTILE = {
    "nothing": "",
    "a word": "plan",
    "a list": "[]",
    "a record": '{"schema_version": 1, "kind": "promote"}',
    "a newer format": sealed(schema_version=2),
    "another kind": sealed(kind="backup-plan"),
    "brackets without end": "[" * 100_000,
    "braces without end": '{"a":' * 100_000,
    "too many characters": PLAN.text + " " * MOST_CHARACTERS,
    "a number of ten thousand digits": '{"made_at": ' + "9" * 10_000 + "}",
    "no one made it": sealed(made_by=None, made_at=None),
    "made at no time": sealed(made_at=float("nan")),
    "made after all time": sealed(made_at=float("inf")),
    "made after all years": sealed(made_at=1e300),
    "made at a time of four hundred digits": sealed(made_at=10**400),
    "made on a Tuesday": sealed(made_at="Tuesday"),
    "options that are a number": sealed(asked=5),
    "options that are a text": sealed(asked="force"),
    "options that are odd pairs": sealed(asked=[[[], 1]]),
    "options nested deeply": sealed(asked={"a": nested(450)}),
    "facts that are a list": sealed(facts=["@champion"]),
    "writes that are a number": sealed(writes=7),
    "a surrogate": sealed(made_by="\ud800"),
    **{f"without {name}": json.dumps({k: v for k, v in altered().items() if k != name}) for name in altered()},
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_a_wrong_call_a_conflict_or_a_plan_that_can_be_said(text: str) -> None:
    refused: BadCall | Conflict | None = None
    try:
        plan = Reviewed.parse(text)
    except (BadCall, Conflict) as error:
        refused = error
    if refused:
        assert (bool(refused.hint), len(str(refused)) < 200) == (True, True)
    else:
        assert json.loads(plan.text)["sha256"] == json.loads(text)["sha256"]


@given(st.recursive(scalars | st.floats(), lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=8))
def test_nothing_that_json_can_hold_makes_reading_fail_in_another_way(value: Any) -> None:
    for text in (json.dumps(value), *(sealed(**{name: value}) for name in ("asked", "facts", "writes", "made_at"))):
        try:
            Reviewed.parse(text)
        except (BadCall, Conflict):
            continue


# --- what is compared ---


def test_the_same_facts_are_no_change() -> None:
    assert changes(FACTS, dict(FACTS)) == ()


def test_a_password_in_the_address_is_no_fact() -> None:
    assert facts_of(a_plan(a_scene()), (), "digest", "https://bob:pass@host")["registry"] == "https://***@host"


def test_each_changed_fact_is_named_with_both_values() -> None:
    now = {"registry": "memory", "policy": "1" * 64, "@champion": "v1", "@canary": "v3"}
    assert changes(FACTS, now) == (
        "@canary was not there when the plan was made, and is v3 now",
        "newest record was none when the plan was made, and is not there now",
        f"policy was {'0' * 64} when the plan was made, and is {'1' * 64} now",
    )


@given(st.dictionaries(texts, texts), st.dictionaries(texts, texts))
def test_there_is_one_sentence_for_each_difference(then: dict[str, str], now: dict[str, str]) -> None:
    differing = {name for name in {*then, *now} if then.get(name) != now.get(name)}
    assert len(changes(then, now)) == len(differing)


def facts(*findings: Finding, tag: str | None = None) -> dict[str, str]:
    scene = a_scene()
    if tag:
        scene.tag_by_hand(HEAD_TAG, tag)
    return facts_of(a_plan(scene), findings, "digest", "memory")


def test_the_facts_are_aliases_versions_policy_registry_record_and_evidence() -> None:
    found = facts(Finding(Verdict.PASSED, "fine", check="signature"), tag="#7")
    told = {"registry": "memory", "policy": "digest", "@champion": "v1", "@staging": "v2", "newest record": "#7"}
    assert {name: found[name] for name in told} == told
    assert {"candidate's source", "candidate's run", "candidate's tags", "candidate's status"} <= set(found)
    assert {"champion's source", "champion's run", "champion's tags", "champion's status"} <= set(found)
    assert found["check signature"].startswith("passed ")


@pytest.mark.parametrize(
    ("now", "same"),
    [
        (Finding(Verdict.PASSED, "took 7 ms", {"f1": 0.9, "measured": {"ms": 7}}, check="c"), True),
        (Finding(Verdict.WARNED, "took 5 ms", {"f1": 0.9, "measured": {"ms": 5}}, check="c"), False),
        (Finding(Verdict.PASSED, "took 5 ms", {"f1": 0.8, "measured": {"ms": 5}}, check="c"), False),
    ],
    ids=["another time was measured", "another verdict", "another fact"],
)
def test_a_check_counts_by_its_verdict_and_its_facts_but_not_by_what_it_timed(now: Finding, same: bool) -> None:
    then = Finding(Verdict.PASSED, "took 5 ms", {"f1": 0.9, "measured": {"ms": 5}}, check="c")
    assert (facts(then) == facts(now)) is same


# --- the plans of a fleet ---


FLEET = ReviewedFleet((ReviewedUnit((PLAN, PLAN), "pricing"), ReviewedUnit((PLAN,))), 3)


def test_the_plans_of_a_fleet_lie_in_one_file_and_come_back_as_they_were() -> None:
    assert parse(FLEET.text) == FLEET
    assert parse(PLAN.text) == PLAN


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"name": "pricing"', '"name": ""'),
        ('"workers": 3', '"workers": 4'),
        ('"force": false', '"force": true'),
        ('"sha256": "', '"sha256": "0'),
    ],
)
def test_plans_of_a_fleet_that_were_edited_are_refused(old: str, new: str) -> None:
    assert old in FLEET.text
    with pytest.raises(Conflict, match="edited after it was made"):
        parse(FLEET.text.replace(old, new, 1))


@pytest.mark.parametrize(
    "body", [{}, {"units": 1, "workers": 1}, {"units": [{}], "workers": 1}, {"units": [], "workers": "x"}]
)
def test_what_is_no_plan_of_a_fleet_is_a_wrong_call(body: dict[str, object]) -> None:
    with pytest.raises(BadCall):
        parse(json.dumps({"kind": "promotion-fleet-plan", **body}))
