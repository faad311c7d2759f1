import pytest

from model_promotion.core.near import has, meant, near

METRICS = ("test_accuracy", "train_accuracy", "rmse")


def test_the_likest_name_comes_first() -> None:
    assert near("test_acuracy", METRICS)[0] == "test_accuracy"
    assert meant("rsme", METRICS) == "did you mean rmse?"


@pytest.mark.parametrize(("name", "known"), [("zzzz", METRICS), ("rmse", ())])
def test_a_name_that_is_like_none_is_no_question(name: str, known: tuple[str, ...]) -> None:
    assert (near(name, known), meant(name, known)) == ([], "")


def test_of_many_names_a_few_are_shown_and_the_others_counted() -> None:
    known = [f"mean_{one}" for one in range(34)]
    assert has("nope", known) == "it has mean_0, mean_1, mean_2 and 31 more"
    assert has("taget", ["target", "visits"]) == "it has target and 1 more"
    assert has("x", ["age"]) == "it has age"
