import pytest

from model_promotion import BadCall, WrongValue
from model_promotion.core.selector import alias_name
from model_promotion.services.values import Values


class Inner(Values):
    size: int = 0


class Outer(Values):
    name: str = "x"
    inner: Inner = Inner()

    def model_post_init(self, _: object) -> None:
        alias_name(self.name)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": 7}, "name: Input should be a valid string"),
        ({"inner": {"size": "7"}}, "inner.size: Input should be a valid integer"),
        ({"other": 1}, "other: there is no such field"),
        ({"name": "a b"}, "alias 'a b' is not a name"),
    ],
)
def test_whatever_is_wrong_is_one_line_of_our_family(values: dict[str, object], said: str) -> None:
    with pytest.raises(WrongValue) as refused:
        Outer(**values)
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)
    assert isinstance(refused.value, BadCall)
    assert isinstance(refused.value, ValueError)


def test_what_is_shown_of_an_address_has_no_password_in_it() -> None:
    class Place(Values):
        uri: str

    place = Place(uri="https://bob:pass@host")
    assert (repr(place), place.uri) == ("Place(uri='https://***@host')", "https://bob:pass@host")
