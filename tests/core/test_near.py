import pytest

from model_promotion.core.near import meant, near

METRICS = ("test_accuracy", "train_accuracy", "rmse")


def test_the_likest_name_comes_first() -> None:
    assert near("test_acuracy", METRICS)[0] == "test_accuracy"
    assert meant("rsme", METRICS) == "did you mean rmse?"


@pytest.mark.parametrize(("name", "known"), [("zzzz", METRICS), ("rmse", ())])
def test_a_name_that_is_like_none_is_no_question(name: str, known: tuple[str, ...]) -> None:
    assert (near(name, known), meant(name, known)) == ([], "")
