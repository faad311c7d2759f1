import pytest

from model_promotion.core.endpoints import endpoint_named, is_address
from model_promotion.core.errors import BadCall


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("churn-prod", "churn-prod"),
        ("Churn_2", "Churn_2"),
        ("http://127.0.0.1:5001", "http://127.0.0.1:5001"),
        ("http://127.0.0.1:5001/", "http://127.0.0.1:5001"),
        ("https://models.example.com/churn/invocations", "https://models.example.com/churn"),
        ("http://[::1]:5001/invocations/", "http://[::1]:5001"),
    ],
)
def test_an_endpoint_is_named_by_name_or_by_the_address_before_invocations(text: str, named: str) -> None:
    assert endpoint_named(text) == named
    assert is_address(named) == ("/" in text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "neither a name nor an address"),
        ("a b", "neither"),
        ("127.0.0.1:5001", "neither"),
        ("a" * 64, "neither"),
        ("ftp://host", "no address of http or https"),
        ("file:///etc/passwd", "no address"),
        ("http://", "no address"),
        ("http://host:0", "no address"),
        ("http://host:99999", "no address"),
        ("http://[::1", "no address"),
        ("http://ho st", "no address"),
        ("http://host/\x1b[2J", "no address"),
        ("http://ada:secret@host", "has a user name in it"),
        ("http://@host", "has a user name in it"),
        ("http://host?token=secret", "has more in it than a place"),
        ("http://host#secret", "has more in it"),
        ("http://host/?", "has more in it"),
    ],
)
def test_anything_else_is_refused_and_no_password_is_repeated(text: str, said: str) -> None:
    with pytest.raises(BadCall, match=said) as refused:
        endpoint_named(text)
    assert "ada" not in str(refused.value)
    assert "\x1b" not in str(refused.value)
    assert not ("secret" in text and "?" in text and "secret" in str(refused.value))


def test_an_address_that_is_none_is_repeated_as_it_was_typed() -> None:
    with pytest.raises(BadCall, match="endpoint 'http://' is no address"):
        endpoint_named("http://")
