"""Does the candidate load and answer soundly, in a process of its own?"""

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_promotion.core.entities import Version
from model_promotion.core.errors import NotFound
from model_promotion.core.event import Table
from model_promotion.core.exam import Case, Exam, Kind, Suite, meaning, sorted_out, unless_idle
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.signature import example_rows
from model_promotion.core.trial import Trial, TrialResult, beyond, judge, side_by_side
from model_promotion.witness import Witness

TOPIC = "Model tests"
WEIGHT = Weight.BLOCKS
HEADER = ("measure", "champion", "candidate")
EVAL_ROWS = 1000


def ask(witness: Witness) -> Finding | None:
    """With --run-tests: does it answer its example soundly, and boundary rows, batches, JSON and the team's tests?"""
    if not witness.request.run_tests and "model_tests" not in witness.policy.required:
        return None
    with witness.models_at_work, tempfile.TemporaryDirectory(prefix="promote-rows-") as folder:
        try:
            return _Bench(witness, Path(folder)).finding()
        except (NotFound, ValueError) as error:
            return Finding(Verdict.FAILED, str(error))


@dataclass(frozen=True)
class _Bench:
    """Where both versions are tried; the folder holds the rows for the team's own tests."""

    witness: Witness
    folder: Path

    def finding(self) -> Finding:
        """The candidate is measured beside the champion first; what cannot answer its example is tried no further."""
        digests = {path: digest_of(Path(path)) for path in self.witness.request.tests}
        trials = self._trials()
        results = [self.witness.scorer.run(trial) for trial in trials]  # one by one, so that their times compare
        candidate, champion = results[0], results[1] if len(results) > 1 else None
        sound, sentence = judge(candidate, champion)
        cases = (_example(candidate, sentence, sound=sound), *(self._examined(trials) if sound else ()))
        policy = self.witness.policy.model_tests
        found, above = sorted_out(cases, policy), beyond(candidate, policy.most) if sound else ()
        passed = sound and not found.failed and not above
        if sound:
            tried = "; ".join((*above, found.sentence))
            sentence = f"{sentence}; {tried}" if passed else f"{candidate.label}: {tried}"
        facts = {
            "problems": list(candidate.problems),
            "cases": [told(case, meaning(case, policy)) for case in cases],
            "tests": digests,
        }
        took = {case.name: round(case.took_s, 3) for case in cases}
        return Finding(
            Verdict.PASSED if passed else Verdict.FAILED,
            sentence,
            {**facts, "measured": {"candidate": candidate, "champion": champion, "took_s": took}},
            Table(HEADER, side_by_side(candidate, champion)),
            hint="" if passed else "mend the model and register it again",
        )

    def _trials(self) -> tuple[Trial, ...]:
        """The candidate's, then the champion's if there is one, on the same rows."""
        candidate, champion = self.witness.plan.candidate, self.witness.plan.champion
        versions = {"candidate": candidate, **({"champion": champion} if champion else {})}
        paths = {role: self.witness.files(one) for role, one in versions.items()}
        rows_from = next((path for path in paths.values() if (path / "input_example.json").exists()), None)
        rows = None if rows_from else _made_up(self.witness, candidate)
        limits = self.witness.policy.model_tests
        return tuple(
            Trial(
                label=version.label,
                model_dir=paths[role],
                rows_from=rows_from,
                rows=rows,
                timeout_s=limits.timeout_s,
                memory_limit_mib=limits.memory_mib,
                env_manager=self.witness.request.env_manager,
            )
            for role, version in versions.items()
        )

    def _examined(self, trials: tuple[Trial, ...]) -> tuple[Case, ...]:
        policy = self.witness.policy.model_tests
        rows = self._rows()
        exam = Exam(trials[0], policy.skipped, policy.tolerance, policy.expect, self._suite(trials, rows), rows)
        cases = tuple(self.witness.scorer.examine(exam))
        # Where there is no champion, a test that compares with it has nothing to do.
        return unless_idle(cases) if len(trials) > 1 else cases

    def _suite(self, trials: tuple[Trial, ...], rows: Path | None) -> Suite | None:
        paths = tuple(map(Path, self.witness.request.tests))
        champion = trials[1].model_dir if len(trials) > 1 else None
        return Suite(paths, champion, rows) if paths else None

    def _rows(self) -> Path | None:
        """The first rows of the evaluation data, if there are any."""
        dataset, path = self.witness.evaluation_data, self.folder / "rows.parquet"
        if not dataset:
            return None
        with self.witness.engine(self.witness.request.engine).open(dataset) as data:
            data.write_head(EVAL_ROWS, path)
        return path


def _example(candidate: TrialResult, sentence: str, *, sound: bool) -> Case:
    """The answer to the example as a case among the others."""
    return Case("example", Kind.PASSED if sound else Kind.FLAWED, "" if sound else sentence, candidate.load_s or 0.0)


def told(case: Case, means: str) -> Mapping[str, Any]:
    """A case without its time, which no two runs have in common."""
    return {"name": case.name, "kind": case.kind, "said": case.said, "group": case.group, "means": means}


def digest_of(path: Path) -> str:
    """What tells these tests from others.

    Raises:
        NotFound: when there are none.
    """
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    if not path.exists() or not files:
        raise NotFound(f"there are no tests at {path}")
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()} {file.name}\n" for file in files]
    return f"sha256:{hashlib.sha256(''.join(lines).encode()).hexdigest()}"


def _made_up(witness: Witness, version: Version) -> dict[str, object]:
    signature = witness.signature(version)
    if signature is None:
        raise NotFound(f"{version.label} has neither an input example nor a signature, so there are no rows to send it")
    return dict(example_rows(signature))
