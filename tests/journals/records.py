"""Records for the tests of journals."""

from typing import Any

from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.record import GENESIS, Record, digest

M = "shop.pricing.churn"


def a_record(number: int = 1, previous: str = GENESIS, **changes: Any) -> Record:
    values: dict[str, Any] = {
        "id": f"id{number}",
        "number": number,
        "previous": previous,
        "kind": "promote",
        "model": M,
        "alias": "champion",
        "was": str(number),
        "to": str(number + 1),
        "at": 1_700_000_000.123 + number,
        "by": "ada@example.com",
        "vouched_by": "test",
    }
    return Record(**{**values, **changes})


def a_chain(length: int) -> list[Record]:
    records: list[Record] = []
    for number in range(1, length + 1):
        records.append(a_record(number, records[-1].sha256 if records else GENESIS))
    return records


def a_record_with(number: int = 1, **files: bytes) -> Record:
    """One that keeps files beside it: they came with a finding, and its evidence names them with their SHA-256."""
    findings = (Finding(Verdict.PASSED, "all is well", keeps=files),)
    return a_record(number, evidence={"findings": findings, "kept": {name: digest(one) for name, one in files.items()}})
