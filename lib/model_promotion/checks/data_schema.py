"""Can the candidate take the data that were named?"""

from __future__ import annotations

from model_promotion.core.dataset import Dataset
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.schema import Scalar
from model_promotion.core.signature import Signature
from model_promotion.witness import Witness

TOPIC = "Data schema"
WEIGHT = Weight.BLOCKS


def ask(witness: Witness) -> Finding | None:
    """Do the named data have every column that the candidate's signature requires, of a type that it takes?"""
    asked, candidate = witness.request, witness.plan.candidate
    named = tuple(dict.fromkeys(one for one in (witness.evaluation_data.uri, asked.current_data) if one))
    if not named:
        return None
    signature = witness.signature(candidate)
    if signature is None or not signature.required_input_names:
        return Finding(Verdict.UNKNOWN, f"{candidate.label} has no signature, so nobody can say which columns it takes")
    wrong = [said for uri in named for said in _misfits(witness, uri, signature)]
    if wrong:
        hint = "name data with these columns, or another candidate"
        return Finding(Verdict.FAILED, "; ".join(wrong), {"data": named, "misfits": wrong}, hint=hint)
    return Finding(Verdict.PASSED, f"{', '.join(named)}: every column that {candidate.label} takes", {"data": named})


def _misfits(witness: Witness, uri: str, signature: Signature) -> list[str]:
    with witness.engine(witness.request.engine).open(Dataset(uri)) as data:
        kinds = data.kinds
    missing = [str(name) for name in signature.required_input_names if isinstance(name, str) and name not in kinds]
    found = [f"{uri} lacks {', '.join(missing)}"] if missing else []
    for column in signature.inputs or ():
        wanted = column.type.name if isinstance(column.type, Scalar) else None
        is_kind = kinds.get(str(column.name))
        if wanted and is_kind and not _fits(wanted, is_kind):
            found.append(f"{column.name} of {uri} holds {is_kind}s, the signature asks for {wanted}")
    return found


NUMBERS = frozenset({"integer", "long", "float", "double"})


def _fits(wanted: str, kind: str) -> bool:
    """Whether such values could be meant; whether each one can be taken is for the model to say when it scores them."""
    if kind == "missing value":
        return True
    if wanted in NUMBERS:
        return kind in ("number", "truth value")
    return {"string": "text", "boolean": "truth value", "datetime": "time"}.get(wanted, kind) == kind
