import pytest

from model_promotion.core.errors import BadCall
from model_promotion.core.wanted import Wanted, tag_wanted


@pytest.mark.parametrize(("text", "tag"), [("a=b", ("a", "b")), ("a=b=c", ("a", "b=c"))])
def test_a_tag_is_a_key_and_a_value(text: str, tag: tuple[str, str]) -> None:
    assert tag_wanted(text) == tag


@pytest.mark.parametrize("text", ["", "a", "=b", "a="])
def test_anything_else_is_a_wrong_call(text: str) -> None:
    with pytest.raises(BadCall, match="K=V"):
        tag_wanted(text)


@pytest.mark.parametrize(
    ("wanted", "options"),
    [
        (Wanted(), ("--auto",)),
        (Wanted(("a", "b"), "f1"), ("--auto", "--tag", "a=b", "--metric", "f1")),
    ],
)
def test_it_can_be_typed_again(wanted: Wanted, options: tuple[str, ...]) -> None:
    assert wanted.options == options
