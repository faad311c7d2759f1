import pytest

from model_promotion.core.say import count


@pytest.mark.parametrize(
    ("said", "number", "words"),
    [
        ("1 model", 1, ("model",)),
        ("0 models", 0, ("model",)),
        ("20000 models", 20000, ("model",)),
        ("1 entry", 1, ("entry", "entries")),
        ("2 entries", 2, ("entry", "entries")),
        ("0.5 days", 0.5, ("day",)),
    ],
)
def test_one_is_one_and_anything_else_is_many(said: str, number: float, words: tuple[str, ...]) -> None:
    assert count(number, *words) == said
