from typing import Any

import pytest

from model_promotion.checks import leaves_production
from model_promotion.core.finding import Verdict
from tests.worlds import Scene, a_scene, a_witness, version


def scene(*stages: str, **aliases: str) -> Scene:
    return a_scene(*(version(str(n), stage=stage) for n, stage in enumerate(stages, start=1)), aliases=aliases)


@pytest.mark.parametrize(
    "options", [{"target_alias": "stage:Staging"}, {"target_alias": "staging", "sync_stages": True}]
)
def test_the_version_in_production_goes_to_no_other_stage(options: dict[str, Any]) -> None:
    finding = leaves_production.ask(a_witness(scene("None", "Production"), **options))
    assert finding is not None
    assert (finding.verdict, "v2 is in stage Production" in finding.sentence) == (Verdict.FAILED, True)
    assert "--version N --to-stage Production" in finding.hint


@pytest.mark.parametrize(
    ("found", "options"),
    [
        # From Staging to Production is the way of stages.
        (scene("Production", "Staging"), {"target_alias": "stage:Production"}),
        (scene("Production", "None"), {"target_alias": "stage:Staging"}),
        # An alias takes nobody out of a stage.
        (scene("None", "Production"), {"target_alias": "staging"}),
        # It is not the one that stage Production names.
        (scene("None", "Production", "Production"), {"target_alias": "stage:Staging"}),
    ],
)
def test_who_takes_nothing_from_production_is_no_question(found: Scene, options: dict[str, Any]) -> None:
    assert leaves_production.ask(a_witness(found, **options)) is None
