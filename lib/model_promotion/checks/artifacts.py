"""Are the candidate's files there, and does its MLmodel make sense?"""

from model_promotion.core.errors import NotFound
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.say import count
from model_promotion.together import both
from model_promotion.witness import Witness

TOPIC = "Artifacts"
WEIGHT = Weight.BLOCKS
MIB = 1024 * 1024


def ask(witness: Witness) -> Finding:
    """Are files listed for the candidate, and is its MLmodel readable? Only that one file is downloaded."""
    candidate = witness.plan.candidate
    try:
        files, metadata = both(lambda: witness.registry.files(candidate), lambda: witness.metadata(candidate))
    except NotFound as error:
        return Finding(Verdict.FAILED, str(error), hint="log the model again; its files are gone")
    if not any(file.path.split("/")[-1] == "MLmodel" for file in files):
        return Finding(Verdict.FAILED, f"no MLmodel among the {count(len(files), 'file')} of {candidate.label}")
    flavors = metadata.get("flavors")
    if not isinstance(flavors, dict) or not flavors:
        return Finding(Verdict.FAILED, f"the MLmodel of {candidate.label} names no flavor")
    size = metadata.get("model_size_bytes")
    told = f", {size / MIB:.2f} MiB" if isinstance(size, int) else ""
    named = sorted(map(str, flavors))
    facts = {"files": [file.path for file in files], "flavors": named, "size_bytes": size}
    return Finding(
        Verdict.PASSED, f"{count(len(files), 'entry', 'entries')}, MLmodel readable ({', '.join(named)}{told})", facts
    )
