from typing import Any

import pytest

from model_promotion.checks import crowded_stage
from model_promotion.core.finding import Verdict
from tests.worlds import Scene, a_scene, a_witness, version

PRODUCTION = "stage:Production"


def staged(*stages: str, **aliases: str) -> Scene:
    """Versions 1, 2, 3 ... in these stages."""
    versions = (version(str(number), stage=stage) for number, stage in enumerate(stages, start=1))
    return a_scene(*versions, aliases=aliases)


@pytest.mark.parametrize(
    ("stages", "verdict", "told"),
    [
        (("Production", "Staging", "None"), Verdict.PASSED, "no other version loses its place"),
        (("None", "Staging", "None"), Verdict.PASSED, "no other version loses its place"),
        (
            ("Production", "Staging", "Production"),
            Verdict.WARNED,
            "v1 loses stage Production as well, and a rollback does not give it back",
        ),
        (("Production", "Staging", "Production", "Production"), Verdict.WARNED, "v1, v3 lose stage Production as well"),
    ],
)
def test_whoever_else_is_in_the_stage_is_named(stages: tuple[str, ...], verdict: Verdict, told: str) -> None:
    finding = crowded_stage.ask(a_witness(staged(*stages), target_alias=PRODUCTION))
    assert finding is not None
    assert (finding.verdict, told in finding.sentence) == (verdict, True), finding.sentence


@pytest.mark.parametrize(
    ("stages", "aliases", "target", "told"),
    [
        # The champion is in its stage, with another, or alone.
        (("Production", "Staging", "Production"), {"champion": "3"}, "champion", "v1 loses stage Production as well"),
        (("Production", "Staging"), {"champion": "1"}, "champion", ""),
        # It is not there; somebody else is.
        (("None", "Staging", "Production"), {"champion": "1"}, "champion", "v3 loses stage Production as well"),
        (("None", "Staging", "Production"), {}, "champion", "v3 loses stage Production as well"),
        # Brought in step is what was left behind, and no more.
        (("Production", "None"), {"champion": "2"}, "champion", ""),
        (("Production", "None", "Production"), {"champion": "2"}, "champion", "v1 loses stage Production as well"),
        # The alias that is moved along with a stage.
        (("Production", "None", "None"), {"champion": "3"}, PRODUCTION, "v3 loses @champion as well"),
        (("Production", "None"), {"champion": "1"}, PRODUCTION, ""),
        # One alias moves along, the other one does not.
        (("Production", "None"), {"champion": "1", "production": "1"}, PRODUCTION, "@champion stays at v1"),
        (("Production", "None"), {"champion": "1", "production": "1"}, "champion", "@production stays at v1"),
        (("Production", "None"), {"champion": "2", "production": "1"}, PRODUCTION, ""),
    ],
)
def test_in_step_whoever_else_loses_a_place_or_stays_behind_is_named(
    stages: tuple[str, ...], aliases: dict[str, str], target: str, told: str
) -> None:
    finding = crowded_stage.ask(a_witness(staged(*stages, **aliases), target_alias=target, sync_stages=True))
    assert finding is not None
    assert (finding.verdict, told in finding.sentence) == (
        Verdict.WARNED if told else Verdict.PASSED,
        True,
    ), finding.sentence


@pytest.mark.parametrize("options", [{}, {"sync_stages": True, "target_alias": "blue"}])
def test_of_an_alias_it_is_no_question(options: dict[str, Any]) -> None:
    assert crowded_stage.ask(a_witness(a_scene(), **options)) is None


def test_where_nothing_moves_it_is_no_question() -> None:
    assert crowded_stage.ask(a_witness(staged("None", "Production"), target_alias=PRODUCTION)) is None
