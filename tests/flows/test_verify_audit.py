from dataclasses import replace

import pytest

from model_promotion.core.errors import NotFound
from model_promotion.core.exits import ExitCode
from model_promotion.core.record import HEAD_TAG
from model_promotion.core.request import Mode
from tests.worlds import MODEL, Scene, a_scene, version


def three_records() -> Scene:
    scene = a_scene()
    for number in ("2", "3", "4"):
        scene.promote(number)
    return scene.heal()


def edit(scene: Scene) -> None:
    scene.journal.records[1] = replace(scene.journal.records[1], by="mallory")


def edit_the_last(scene: Scene) -> None:
    scene.journal.records[2] = replace(scene.journal.records[2], by="mallory")


def remove(scene: Scene) -> None:
    del scene.journal.records[1]


def remove_the_last(scene: Scene) -> None:
    del scene.journal.records[2]


def forget_the_head(scene: Scene) -> None:
    scene.tag_by_hand(HEAD_TAG, None)


def spoil_the_head(scene: Scene) -> None:
    scene.tag_by_hand(HEAD_TAG, "not ours")


def add(scene: Scene) -> None:
    last = scene.journal.records[2]
    scene.spare.records.append(replace(last, id="another", number=4, previous=last.sha256))


def test_an_untouched_chain_fits() -> None:
    scene = three_records()
    outcome = scene.call(Mode.VERIFY_AUDIT)
    assert (outcome.code, outcome.summary) == (ExitCode.DONE, "every record fits: 3 records of 1 model")
    assert scene.writer.sent == []


@pytest.mark.parametrize(
    ("deed", "number"),
    [
        (edit, 2),
        (edit_the_last, 3),
        (remove, 2),
        (remove_the_last, 3),
        (add, 4),
        (forget_the_head, 1),
        (spoil_the_head, 3),
    ],
)
def test_whatever_is_done_to_a_record_its_number_is_named(deed: object, number: int) -> None:
    scene = three_records()
    deed(scene)  # type: ignore[operator]
    outcome = scene.call(Mode.VERIFY_AUDIT)
    assert outcome.code is ExitCode.REFUSED
    assert outcome.summary.startswith(f"record #{number} of {MODEL} does not fit")
    assert outcome.hints


def test_without_a_model_every_one_that_has_records_is_verified() -> None:
    scene = three_records()
    other = "shop.pricing.other"
    scene.registry.add(version("9"), metadata={})
    scene.registry.add(replace(version("1"), model=other), "staging")
    scene.call(Mode.PROMOTE, model=other)
    outcome = scene.call(Mode.VERIFY_AUDIT, model="")
    assert (outcome.code, outcome.facts["records"]) == (ExitCode.DONE, {MODEL: 3, other: 1})


def test_a_model_that_is_gone_does_not_hide_the_others() -> None:
    scene = three_records()
    other = "shop.pricing.other"
    scene.registry.add(replace(version("1"), model=other), "staging")
    scene.call(Mode.PROMOTE, model=other)
    del scene.registry.models[other]
    outcome = scene.call(Mode.VERIFY_AUDIT, model="")
    assert outcome.code is ExitCode.WARNED
    assert outcome.facts["records"] == {MODEL: 3, other: 1}
    assert other in outcome.warnings[0]


def test_a_chain_across_both_journals_fits() -> None:
    scene = a_scene()
    scene.promote("2")
    scene.journal.broken = True
    assert scene.promote("3").code is ExitCode.WARNED
    scene.journal.broken = False
    scene.promote("4")
    assert len(scene.spare.records) == 1
    assert scene.call(Mode.VERIFY_AUDIT).code is ExitCode.DONE


def test_a_misspelt_model_is_answered_with_the_near_name() -> None:
    with pytest.raises(NotFound, match=f"did you mean {MODEL}"):
        three_records().call(Mode.VERIFY_AUDIT, model=f"{MODEL}n")
