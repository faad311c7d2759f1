"""What a candidate is tried on beyond its example, what came of each case, and which of that stands against it.

The cases run in a child process (`scoring/`), next to foreign code, so `cases_of` believes nothing of what comes back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from model_promotion.core.say import count
from model_promotion.core.trial import MAX_ANSWER_BYTES, MAX_NUMBER, Trial, one_line

if TYPE_CHECKING:
    from model_promotion.core.policy import Expectation, TestPolicy

SPOKEN = 3
MOST_CASES = 5000


class Kind(StrEnum):
    """What became of a case. REFUSED is an error that looks meant, BROKE any other."""

    PASSED = "passed"
    REFUSED = "refused"
    BROKE = "broke"
    FLAWED = "flawed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Case:
    """One test of the model: ours, or, of `group` "tests", one of the team's own."""

    name: str
    kind: Kind
    said: str = ""
    took_s: float = 0.0
    group: str = "model"

    @property
    def line(self) -> str:
        """What was found, with the case it was found in."""
        return f"{self.name}: {self.said}" if self.said else self.name


@dataclass(frozen=True)
class Suite:
    """A team's own tests, and what their fixtures are made of; `rows` is a Parquet file."""

    paths: tuple[Path, ...]
    champion_dir: Path | None = None
    rows: Path | None = None


@dataclass(frozen=True)
class Exam:
    """A model, its limits and rows, and what it is tried on; `rows` is a Parquet file with more of them."""

    trial: Trial
    skip: frozenset[str] = frozenset()
    tolerance: float = 1e-5
    expect: tuple[Expectation, ...] = ()
    suite: Suite | None = None
    rows: Path | None = None


# What stands against a candidate where the policy says nothing. A model may refuse what it was not made for, if it says
# so; the largest numbers of a type overflow in honest arithmetic; a column that is optional in the signature was often
# only incomplete in the data that it was made from. Whatever is not listed here may not fail at all.
LENIENT: Mapping[str, frozenset[Kind]] = {
    **dict.fromkeys(("zero", "negative", "large", "empty_text", "long_text", "unseen"), frozenset({Kind.REFUSED})),
    **dict.fromkeys(("empty", "left_out"), frozenset({Kind.REFUSED, Kind.BROKE})),
    "limits": frozenset({Kind.REFUSED, Kind.BROKE, Kind.FLAWED}),
}
CASES = (*LENIENT, "missing", "one_row", "many_rows", "batch", "order", "json", "repeat")


@dataclass(frozen=True)
class Sorted:
    """The cases by what they mean for the candidate."""

    failed: tuple[Case, ...]
    noted: tuple[Case, ...]
    passed: tuple[Case, ...]

    @property
    def sentence(self) -> str:
        """How many, and the first of those that are worth a word."""
        every = count(len(self.failed) + len(self.noted) + len(self.passed), "test")
        if self.failed:
            return f"{len(self.failed)} of {every} failed: {_spoken(self.failed)}"
        notes = f", {len(self.noted)} noted: {_spoken(self.noted)}" if self.noted else ""
        return f"{len(self.passed)} of {every} passed{notes}"


def sorted_out(cases: Iterable[Case], policy: TestPolicy) -> Sorted:
    """Each case by its kind and the policy's word on it."""
    by: dict[str, list[Case]] = {"failed": [], "noted": [], "passed": []}
    for case in cases:
        by[meaning(case, policy)].append(case)
    return Sorted(tuple(by["failed"]), tuple(by["noted"]), tuple(by["passed"]))


def meaning(case: Case, policy: TestPolicy) -> str:
    """Whether it failed, passed, or passed with a note, by the policy's word on it."""
    if case.kind is Kind.PASSED:
        return "noted" if case.said else "passed"
    rule = policy.cases.get(case.name) if case.group == "model" else None
    if rule == "must_answer":
        return "failed"
    lenient = rule == "may_fail" or case.kind is Kind.SKIPPED or case.kind in LENIENT.get(case.name, ())
    return "noted" if lenient else "failed"


def unless_idle(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """The cases; where every one of the team's tests was skipped, one more that says so: nothing was shown."""
    theirs = [case for case in cases if case.group == "tests"]
    if not theirs or any(case.kind is not Kind.SKIPPED for case in theirs):
        return cases
    return (*cases, Case("tests", Kind.FLAWED, f"all were skipped, {count(len(theirs), 'test')}", group="tests"))


def cases_of(answer: bytes, group: str, ended: str) -> tuple[Case, ...]:
    """The cases in the child's lines; where they stop before their end, one more that says how the child `ended`."""
    found: list[Case] = []
    trying, whole = "", False
    try:
        if len(answer) > MAX_ANSWER_BYTES:
            raise ValueError(f"there is more than {MAX_ANSWER_BYTES} bytes of it")  # noqa: TRY301 - told like the others
        for line in answer.splitlines():
            said = json.loads(line)
            whole = said.keys() == {"end"}
            if said.keys() == {"trying"}:
                trying = _text(said["trying"])
            elif not whole:
                found.append(_case(said, group))
                trying = ""
        if len(found) > MOST_CASES:
            raise ValueError(f"there are more than {MOST_CASES} tests")  # noqa: TRY301 - as above
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return (
            *found[:MOST_CASES],
            Case("tests", Kind.BROKE, one_line(f"what came back is no answer: {error}"), group=group),
        )
    if whole and found:
        return tuple(found)
    return (*found, Case(trying or "tests", Kind.BROKE, ended if not whole else "nothing was tried", group=group))


def _case(said: Mapping[str, object], group: str) -> Case:
    if said.keys() != {"case", "kind", "said", "took_s"}:
        raise ValueError("a line does not have exactly the agreed fields")
    took = said["took_s"]
    if type(took) not in {int, float} or not 0 <= took <= MAX_NUMBER:  # type: ignore[operator]
        raise ValueError("took_s should be a number from 0")
    return Case(_text(said["case"]), Kind(str(said["kind"])), _text(said["said"]), float(took), group)  # type: ignore[arg-type]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a name should be text")
    return one_line(value)


def _spoken(cases: tuple[Case, ...]) -> str:
    more = len(cases) - SPOKEN
    return "; ".join(case.line for case in cases[:SPOKEN]) + (f"; and {more} more" if more > 0 else "")
