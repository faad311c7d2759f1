"""YAML as people mean it."""

import pytest

from model_promotion.yaml_text import read


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("a: 10\nb: -3\nc: 0\nd: '010'", {"a": 10, "b": -3, "c": 0, "d": "010"}),
        ("{a: [1, x], b: {c: true}}", {"a": [1, "x"], "b": {"c": True}}),
        (
            "base: &base {x: 1}\none: {<<: *base, y: 2}\ntwo: *base",
            {"base": {"x": 1}, "one": {"x": 1, "y": 2}, "two": {"x": 1}},
        ),
        ("", None),
    ],
)
def test_what_is_plain_is_read(text: str, meant: object) -> None:
    assert read(text) == meant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2", "a stands there twice"),
        ("a: {b: 1, b: 2}", "b stands there twice"),
        ("a: 010", "010 may be another number than it seems"),
        ("a: 1:30", "1:30 may be another number"),
        ("a: 0x1f", "0x1f may be another number"),
        ("a: 1_0", "1_0 may be another number"),
        ("a: &a [x]\nb: &b [*a, *a]", "[*]a stands within what has a name itself"),
        ("a: &a [*a]", "[*]a stands within"),
        ("a: [", "while parsing"),
        ("a: !!python/object:os.system x", "could not determine a constructor"),
        ("a: 2026-13-45", "month must be in 1..12"),
    ],
)
def test_what_would_silently_be_something_else_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        read(text)
    assert "\n" not in str(refused.value)
