"""The best of many goes through the same promotion as any other."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from model_promotion.core.best import CAUTION
from model_promotion.core.entities import Listed, Version
from model_promotion.core.errors import BadCall, NotFound, Unavailable
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.metrics import Direction
from model_promotion.core.outcome import Outcome
from model_promotion.core.policy import EvidencePolicy, MetricPolicy, Policy
from model_promotion.core.request import Mode, Request
from model_promotion.core.wanted import Wanted
from model_promotion.flows import promote
from tests.worlds import METADATA, Scene, a_scene

BEST = {"best_model": "true"}


def a_clinic(**scores: str) -> Scene:
    """Models heart-<name>, each with a version that has its roc_auc in a tag; none is tagged as the best."""
    scene = a_scene()
    scene.registry.models.clear()
    scene.registry.known.clear()
    for number, (name, score) in enumerate(scores.items(), start=1):
        made = Version(f"heart-{name}", "1", tags={"roc_auc": score}, metrics={"f1": 0.9}, created_at=float(number))
        scene.registry.add(made, metadata=METADATA)
    return scene.heal()


def tag(scene: Scene, name: str, **tags: str) -> None:
    made = scene.registry.known[name, "1"]
    scene.registry.known[name, "1"] = replace(made, tags={**made.tags, **tags})


def best(scene: Scene, model: str = "heart-*", mode: Mode = Mode.PROMOTE, **wanted: Any) -> Outcome:
    options = {name: wanted.pop(name) for name in ("target_alias", "compare_metrics", "force") if name in wanted}
    return scene.call(mode, model=model, best=Wanted(**wanted), **options)


def champions(scene: Scene) -> list[str]:
    return sorted(name for name, model in scene.registry.models.items() if "champion" in model.aliases)


def told(scene: Scene) -> str:
    return "\n".join(f"{event.topic} {event.sentence}" for event in scene.voice.events)


def test_the_tagged_version_is_promoted_and_the_registry_is_shown_before_and_after() -> None:
    scene = a_clinic(rf="0.9665", svm="0.91")
    tag(scene, "heart-rf", **BEST)
    outcome = best(scene)
    assert (outcome.code, outcome.model, champions(scene)) == (ExitCode.DONE, "heart-rf", ["heart-rf"])
    assert "chosen because heart-rf v1 is the only one" in outcome.summary
    before, after = told(scene).split("Registry afterwards")
    assert "v1 best_model=true, roc_auc=0.9665" in before
    assert "v1 @champion; best_model=true, roc_auc=0.9665" in after


def test_the_best_by_a_metric_is_promoted_and_how_many_were_compared_is_recorded() -> None:
    scene = a_clinic(rf="0.95", svm="0.91", lr="0.97")
    assert best(scene, metric="roc_auc").model == "heart-lr"
    chosen = scene.journal.records[-1].evidence["chosen"]
    assert (chosen["compared"], chosen["score"], chosen["metric"], chosen["caution"]) == (3, 0.97, "roc_auc", CAUTION)
    assert f"{CAUTION}, and 3 were compared, so what is recorded is too good; to score it again" in told(scene)


def test_a_metric_is_looked_up_in_the_runs_of_those_that_have_it_nowhere_else() -> None:
    scene = a_clinic(rf="0.95", svm="0.91")
    for name, run_id in (("rf", "run1"), ("svm", "run2")):
        made = scene.registry.known[f"heart-{name}", "1"]
        scene.registry.known[f"heart-{name}", "1"] = replace(made, run_id=run_id)
    scene.registry.metrics_of = {"run1": {"recall": 0.5}, "run2": {"recall": 0.6}}
    outcome = best(scene, metric="recall")
    assert (outcome.model, "recall 0.6 (its run) is the highest of 2" in outcome.summary) == ("heart-svm", True)


def test_what_was_measured_counts_before_what_somebody_wrote_into_a_tag() -> None:
    scene = a_clinic(rf="0.95", svm="0.99")
    made = scene.registry.known["heart-svm", "1"]
    scene.registry.known["heart-svm", "1"] = replace(made, run_id="run2")
    scene.registry.metrics_of = {"run2": {"roc_auc": 0.6}}
    assert best(scene, metric="roc_auc").model == "heart-rf"


@pytest.mark.parametrize("mode", [Mode.DRY_RUN, Mode.CHECK])
def test_it_can_be_looked_at_first_and_ends_with_the_code_of_the_real_run(mode: Mode) -> None:
    scene = a_clinic(rf="0.95", svm="0.91")
    seen = best(scene, mode=mode, metric="roc_auc")
    assert (champions(scene), scene.writer.sent, scene.journal.records) == ([], [], [])
    assert (seen.code, seen.model) == (best(scene, metric="roc_auc").code, "heart-rf")


def test_the_same_checks_refuse_the_best_too() -> None:
    scene = a_clinic(rf="0.95")
    assert best(scene, metric="roc_auc").code is ExitCode.DONE
    worse = Version("heart-rf", "2", tags={"roc_auc": "0.99"}, metrics={"f1": 0.1}, created_at=9.0)
    scene.registry.add(worse, metadata=METADATA)
    outcome = best(scene, metric="roc_auc", compare_metrics=True)
    assert (outcome.code, outcome.to) == (ExitCode.REFUSED, "2")
    assert outcome.hints[-1] == "look again: promote_model.py heart-rf --check --version 2 --compare-metrics"
    assert scene.registry.models["heart-rf"].aliases["champion"] == "1"


def test_the_best_that_is_in_place_already_needs_nothing() -> None:
    scene = a_clinic(rf="0.95", svm="0.95")
    tag(scene, "heart-rf", **BEST)
    assert best(scene).code is ExitCode.DONE
    again = best(scene, metric="roc_auc")
    assert (again.code, again.entries) == (ExitCode.DONE, ())
    assert "already, nothing to do" in again.summary


def test_several_tagged_versions_are_refused_until_a_metric_ranks_them() -> None:
    scene = a_clinic(rf="0.95", svm="0.96")
    for name in ("heart-rf", "heart-svm"):
        tag(scene, name, **BEST)
    outcome = best(scene)
    assert outcome.code is ExitCode.REFUSED
    assert "2 versions have best_model=true: heart-rf v1, heart-svm v1" in outcome.summary
    assert outcome.hints == ("rank them: promote_model.py 'heart-*' --auto --metric NAME",)
    assert best(scene, metric="roc_auc").model == "heart-svm"


@pytest.mark.parametrize("hold", [{}, {HOLD_TAG: "rolled back"}])
def test_a_look_for_the_best_suggests_another_look(hold: dict[str, str]) -> None:
    scene = a_clinic(rf="0.95", svm="0.96")
    for name in ("heart-rf", "heart-svm"):
        tag(scene, name, **BEST, **hold)
    assert " --dry-run" in best(scene, mode=Mode.DRY_RUN).hints[-1]


def test_who_is_held_or_has_no_score_is_left_out_aloud() -> None:
    scene = a_clinic(rf="0.99", svm="nan", lr="0.5")
    tag(scene, "heart-rf", **{HOLD_TAG: "rolled back"})
    assert best(scene, metric="roc_auc").model == "heart-lr"
    assert "2 cannot win: heart-rf v1 is held: rolled back; heart-svm v1 has a roc_auc that is not a number" in told(
        scene
    )


@pytest.mark.parametrize("metric", ["", "roc_auc"])
def test_where_whoever_could_win_is_held_it_is_refused_until_the_release_or_by_force(metric: str) -> None:
    scene = a_clinic(rf="0.99", svm="nan")
    tag(scene, "heart-rf", **BEST, **{HOLD_TAG: "rolled back"})
    refused = best(scene, metric=metric)
    assert (refused.code, champions(scene)) == (ExitCode.REFUSED, [])
    assert "is held: heart-rf v1" in refused.summary
    assert refused.hints[0] == "when it is mended: promote_model.py heart-rf --version 1 --release"
    assert refused.hints[1].endswith("--force")
    forced = best(scene, metric=metric, force=True)
    assert (forced.code, champions(scene)) == (ExitCode.WARNED, ["heart-rf"])


@pytest.mark.parametrize(
    ("wanted", "why", "cure"),
    [
        ({}, "has the tag best_model=true", "or rank all: promote_model.py 'heart-*' --auto --metric NAME"),
        (
            {"named": ("stage", "final"), "metric": "roc_auc"},
            "has the tag stage=final",
            "or leave --tag out and rank all: promote_model.py 'heart-*' --auto --metric roc_auc",
        ),
        ({"named": ("team", "zzz")}, "has the tag team=zzz", "there is team=fraud; train and register one"),
        ({"named": ("taem", "fraud")}, "has the tag taem=fraud", "did you mean team? train and register one"),
        (
            {"named": ("team", "fraud"), "metric": "cost"},
            "no version of heart-* with team=fraud has cost (memory)",
            "log cost for one of them, or rank by another: --metric NAME",
        ),
        ({"metric": "cost"}, "no version of heart-* has cost (memory)", "log cost for one of them"),
    ],
)
def test_nobody_at_all_is_not_found_with_what_is_missing_and_what_to_do(
    wanted: dict[str, Any], why: str, cure: str
) -> None:
    scene = a_clinic(rf="0.95")
    tag(scene, "heart-rf", team="fraud")
    with pytest.raises(NotFound, match="no version of heart-") as nobody:
        best(scene, **wanted)
    assert why in str(nobody.value)
    assert cure in nobody.value.hint
    assert "'heart-*' --list" in nobody.value.hint


def test_those_that_have_the_tag_and_the_metric_and_cannot_win_say_why() -> None:
    scene = a_clinic(rf="nan")
    tag(scene, "heart-rf", **BEST)
    with pytest.raises(
        NotFound, match=r"with best_model=true can win; 1 cannot win: .* that is not a number"
    ) as nobody:
        best(scene, metric="roc_auc")
    assert nobody.value.hint.startswith("mend what is said of them")


def test_which_way_a_metric_gets_better_must_be_known() -> None:
    scene = a_clinic(rf="0.95", svm="0.91")
    unknown = best(scene, metric="score7x")
    assert (unknown.code, '[metrics."score7x"]' in unknown.hints[0]) == (ExitCode.REFUSED, True)
    scene.policy = Policy(metrics={"roc_auc": MetricPolicy(Direction.LOWER)})
    assert best(scene, metric="roc_auc").model == "heart-svm"


@pytest.mark.parametrize(("typed", "code"), [("roc_aux", ExitCode.REFUSED), ("roc_auc2", ExitCode.REFUSED)])
def test_a_misspelt_metric_whose_way_is_not_known_is_answered_with_the_near_name(typed: str, code: ExitCode) -> None:
    outcome = best(a_clinic(rf="0.95", svm="0.91"), metric=typed)
    assert (outcome.code, outcome.hints[0].startswith("did you mean roc_auc?")) == (code, True)


def test_a_metric_that_nobody_has_is_answered_with_the_near_name_of_one_in_a_run() -> None:
    scene = a_clinic(rf="0.95")
    made = scene.registry.known["heart-rf", "1"]
    scene.registry.known["heart-rf", "1"] = replace(made, run_id="run1", metrics={})
    scene.registry.metrics_of = {"run1": {"test_recall": 0.5}}
    with pytest.raises(NotFound) as nobody:
        best(scene, metric="val_recall")
    assert nobody.value.hint == "did you mean test_recall?"


def test_a_reviewed_plan_keeps_how_the_candidate_was_chosen() -> None:
    scene = a_clinic(rf="0.95", svm="0.91")
    reviewed = best(scene, mode=Mode.DRY_RUN, metric="roc_auc").reviewed
    assert reviewed is not None
    done = scene.call(Mode.APPLY, model="", reviewed=reviewed)
    assert (done.code, scene.journal.records[-1].evidence["chosen"]["compared"]) == (ExitCode.DONE, 2)


def test_a_plain_promotion_has_nothing_chosen_in_its_record() -> None:
    scene = a_clinic(rf="0.95")
    promote.run(Request(Mode.PROMOTE, "heart-rf"), scene.world)
    assert "chosen" not in scene.journal.records[-1].evidence


@pytest.mark.parametrize("mode", [Mode.PROMOTE, Mode.DRY_RUN, Mode.CHECK])
def test_a_choice_without_those_that_could_not_be_read_says_so_and_so_does_its_record(mode: Mode) -> None:
    scene = a_clinic(rf="0.95", svm="0.99", lr="0.90")
    scene.registry.hidden["heart-svm"] = "no EXECUTE on heart-svm"
    unread = "1 of 3 models could not be read: heart-svm"
    outcome = best(scene, mode=mode, metric="roc_auc")
    assert (outcome.code, outcome.model) == (ExitCode.WARNED, "heart-rf")
    assert outcome.warnings == (f"{unread}; a better version may be among theirs",)
    assert "heart-svm not readable: no EXECUTE on heart-svm" in told(scene)
    for record in scene.journal.records:
        assert (record.evidence["chosen"]["compared"], record.evidence["chosen"]["not_readable"]) == (2, unread)


def test_nobody_found_among_some_of_the_models_says_how_many_were_not_looked_at() -> None:
    scene = a_clinic(rf="0.95", svm="0.99")
    scene.registry.hidden["heart-svm"] = "no"
    with pytest.raises(NotFound, match="1 of 2 models could not be read: heart-svm"):
        best(scene)


def test_a_registry_that_cannot_be_shown_afterwards_does_not_undo_what_is_done() -> None:
    scene = a_clinic(rf="0.95")
    scene.registry.catalogue = _deaf_after_one(scene.registry.catalogue)  # type: ignore[method-assign]
    outcome = best(scene, metric="roc_auc")
    assert (outcome.code, champions(scene)) == (ExitCode.WARNED, ["heart-rf"])
    assert outcome.warnings == ("the registry could not be shown afterwards: it is gone",)


def _deaf_after_one(read: Callable[[str], Sequence[Listed]]) -> Callable[[str], Sequence[Listed]]:
    asked: list[str] = []

    def once(pattern: str = "") -> Sequence[Listed]:
        asked.append(pattern)
        if len(asked) > 1:
            raise Unavailable("it is gone")
        return read(pattern)

    return once


def test_with_evaluation_data_the_line_says_where_the_best_is_scored_again() -> None:
    scene = a_clinic(rf="0.95", svm="0.91")
    scene.policy = Policy(evidence=EvidencePolicy(data="holdout.parquet", target="sold"))
    with pytest.raises(BadCall, match="no data at holdout"):  # Before they are looked for, the best is told.
        best(scene, mode=Mode.CHECK, metric="roc_auc")
    assert f"{CAUTION}, and 2 were compared, so what is recorded is too good; scored again on holdout" in told(scene)
