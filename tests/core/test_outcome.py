import json

from model_promotion.core.decision import Decision
from model_promotion.core.event import Table
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode
from model_promotion.core.steps import Entry, SetAlias

STEP = SetAlias("m", "champion", "3", "7")
FULL = Outcome(
    mode=Mode.PROMOTE,
    code=ExitCode.WARNED,
    summary="done",
    model="m",
    was="3",
    to="7",
    findings=(Finding(Verdict.UNKNOWN, "f1 is not a number", {"f1": float("nan")}, Table(("metric",), [("f1",)])),),
    decision=Decision(go=True, code=ExitCode.WARNED, warned=("recorded_metrics",)),
    planned=(STEP,),
    entries=(Entry(STEP, 1.0),),
    warnings=("the record fell back",),
    facts={"limit": float("inf")},
)


def test_the_document_names_its_version_and_the_exit_code() -> None:
    document = Outcome(Mode.CHECK, ExitCode.REFUSED, "refused").document
    assert (document["schema_version"], document["exit_code"], document["mode"]) == (1, 2, "check")


def test_the_document_is_strict_json_whatever_was_measured() -> None:
    document = json.loads(json.dumps(FULL.document, allow_nan=False))
    assert document["findings"][0]["facts"] == {"f1": "nan"}
    assert document["entries"][0]["step"]["to"] == "7"
    assert document["facts"] == {"limit": "inf"}


def test_the_document_holds_every_field_but_the_lines_for_people() -> None:
    assert set(FULL.document) == {"schema_version", "exit_code", *FULL.__dataclass_fields__} - {"listing"}
