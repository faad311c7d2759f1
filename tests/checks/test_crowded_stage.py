import pytest

from model_promotion.checks import crowded_stage
from model_promotion.core.finding import Verdict
from tests.worlds import a_scene, a_witness, version


@pytest.mark.parametrize(
    ("stages", "verdict", "told"),
    [
        (("Production", "Staging", "None"), Verdict.PASSED, "1 version in stage Production"),
        (("None", "Staging", "None"), Verdict.PASSED, "0 version"),
        (
            ("Production", "Staging", "Production"),
            Verdict.WARNED,
            "v3, v1 are all in stage Production: all are archived, and a rollback goes to v3 alone",
        ),
    ],
)
def test_whoever_else_is_in_the_stage_is_named(stages: tuple[str, ...], verdict: Verdict, told: str) -> None:
    scene = a_scene(*(version(str(number), stage=stage) for number, stage in enumerate(stages, start=1)), aliases={})
    finding = crowded_stage.ask(a_witness(scene, target_alias="stage:Production"))
    assert finding is not None
    assert (finding.verdict, told in finding.sentence) == (verdict, True), finding.sentence


def test_of_an_alias_it_is_no_question() -> None:
    assert crowded_stage.ask(a_witness(a_scene())) is None
