import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Verdict
from model_promotion.core.jsonable import jsonable
from model_promotion.core.steps import Entry, SetAlias

SAME = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
TABLE: dict[str, tuple[Any, Any]] = {
    "an enum is its value": (Verdict.FAILED, "failed"),
    "a number's name is its number": (ExitCode.USAGE, 64),
    "not a number": (float("nan"), "nan"),
    "without end": (float("-inf"), "-inf"),
    "a tuple": (("a", 1), ["a", 1]),
    "a set, in order": (frozenset({"b", "a"}), ["a", "b"]),
    "a path": (Path("a/b"), "a/b"),
    "keys that are no text": ({1: "x", Verdict.PASSED: "y"}, {"1": "x", "passed": "y"}),
    "a dataclass in a dataclass": (
        Entry(SetAlias("m", "champion", None, "7"), 1.5),
        {
            "step": {"model": "m", "alias": "champion", "was": None, "to": "7", "enters_from": "", "leaves_to": ""},
            "at": 1.5,
            "deed": "done",
        },
    ),
}


@pytest.mark.parametrize(("value", "plain"), TABLE.values(), ids=TABLE.keys())
def test_values_of_ours_become_plain_json(value: object, plain: object) -> None:
    assert jsonable(value) == plain


@given(SAME)
def test_what_is_json_already_stays_as_it_is(value: object) -> None:
    assert jsonable(value) == value


@given(st.dictionaries(st.text(), st.floats() | st.tuples(st.floats(), st.sampled_from(Verdict))))
def test_whatever_comes_out_is_accepted_by_a_strict_reader(value: Mapping[str, object]) -> None:
    json.dumps(jsonable(value), allow_nan=False)
