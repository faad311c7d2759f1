"""Does the candidate load and answer soundly, in a process of its own?"""

import tempfile
from pathlib import Path

from model_promotion.core.entities import Version
from model_promotion.core.errors import NotFound
from model_promotion.core.event import Table
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.signature import example_rows
from model_promotion.core.trial import Trial, TrialResult, judge, side_by_side
from model_promotion.witness import Witness

TOPIC = "Model tests"
WEIGHT = Weight.BLOCKS
HEADER = ("measure", "champion", "candidate")


def ask(witness: Witness) -> Finding | None:
    """With --run-tests: is the candidate's answer complete, of the promised types, free of NaN, the same twice?"""
    if not witness.request.run_tests and "model_tests" not in witness.policy.required:
        return None
    with witness.models_at_work, tempfile.TemporaryDirectory(prefix="promote-model-") as folder:
        try:
            candidate, champion = _run_both(witness, Path(folder))
        except (NotFound, ValueError) as error:
            return Finding(Verdict.FAILED, str(error))
    passed, sentence = judge(candidate, champion)
    return Finding(
        Verdict.PASSED if passed else Verdict.FAILED,
        sentence,
        {"problems": list(candidate.problems), "measured": {"candidate": candidate, "champion": champion}},
        Table(HEADER, side_by_side(candidate, champion)),
        hint="" if passed else "mend the model and register it again",
    )


def _run_both(witness: Witness, folder: Path) -> tuple[TrialResult, TrialResult | None]:
    """The candidate first, then the champion on the same rows; one after the other, so that their times compare."""
    candidate, champion = witness.plan.candidate, witness.plan.champion
    ours = witness.registry.download(candidate, folder / "candidate")
    theirs = witness.registry.download(champion, folder / "champion") if champion else None
    rows_from = next((path for path in (ours, theirs) if path and (path / "input_example.json").exists()), None)
    rows = None if rows_from else _made_up(witness, candidate)

    def trial(version: Version, path: Path) -> Trial:
        limits = witness.policy.model_tests
        return Trial(
            label=version.label,
            model_dir=path,
            rows_from=rows_from,
            rows=rows,
            timeout_s=limits.timeout_s,
            memory_limit_mib=limits.memory_mib,
            env_manager=witness.request.env_manager,
        )

    result = witness.scorer.run(trial(candidate, ours))
    if champion is None or theirs is None:
        return result, None
    return result, witness.scorer.run(trial(champion, theirs))


def _made_up(witness: Witness, version: Version) -> dict[str, object]:
    signature = witness.signature(version)
    if signature is None:
        raise NotFound(f"{version.label} has neither an input example nor a signature, so there are no rows to send it")
    return dict(example_rows(signature))
