import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.core import say
from model_promotion.core.duration import LONGEST_S, OLDEST_S, age, as_age, moment, seconds
from model_promotion.core.errors import BadCall

DAY = datetime(2026, 11, 21, tzinfo=UTC).timestamp()
LAST_SECOND = DAY + 86_399


@pytest.mark.parametrize(
    ("text", "length_s"),
    [("90", 90), ("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86400), ("1.5h", 5400), (" 5m ", 300), ("0.1", 0.1)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, length_s: float) -> None:
    assert seconds(text) == length_s


@pytest.mark.parametrize(
    "text",
    ["", "0", "0s", "-5", "5 m", "5M", "m", "1h30m", "inf", "nan", "1e3", "\u0665", "9" * 400, "999999d", "367d"],
)
def test_anything_else_is_a_wrong_call(text: str) -> None:
    with pytest.raises(BadCall, match="duration"):
        seconds(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-21T00:00:00Z", DAY),
        ("2026-11-21T02:00:00+02:00", DAY),
        ("2026-11-21T00:00", DAY),
        ("2026-11-21 00:00:00", DAY),
        ("2026-11-21", LAST_SECOND),
        ("20261121", LAST_SECOND),
        ("2026-W47-6", LAST_SECOND),
    ],
)
def test_a_moment_is_iso_8601_in_utc_and_a_bare_day_is_its_last_second(text: str, at: float) -> None:
    assert moment(text) == at


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01", "21.11.2026", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00+14:00"]
)
def test_a_moment_that_is_none_is_a_wrong_call(text: str) -> None:
    with pytest.raises(BadCall, match="time"):
        moment(text)


@given(st.text() | st.datetimes(timezones=st.timezones()).map(str) | st.text("0123456789.smhd:-TZ+ ", max_size=30))
def test_whatever_is_accepted_can_be_waited_for_and_said(text: str) -> None:
    with contextlib.suppress(BadCall):
        assert 0 < seconds(text) <= LONGEST_S
    with contextlib.suppress(BadCall):
        assert say.when(moment(text)).endswith("Z")


@pytest.mark.parametrize(("text", "days"), [("365d", 365), ("730d", 730), ("12h", 0.5)])
def test_an_age_may_be_more_than_a_year(text: str, days: float) -> None:
    assert age(text) == days * 86400


@pytest.mark.parametrize("text", ["365", "0d", "", "old", "99999999d", "6m", "6mo", "1y"])
def test_an_age_that_could_be_read_in_two_ways_is_a_wrong_call_that_says_which_units_there_are(text: str) -> None:
    with pytest.raises(BadCall, match=r"d \(days\), h \(hours\) or s \(seconds\)") as wrong:
        age(text)
    assert wrong.value.hint == "for 6 months write 180d"


@given(st.floats(min_value=0.1, max_value=OLDEST_S))
def test_an_age_that_is_said_is_read_as_the_same_again(length_s: float) -> None:
    assert age(as_age(length_s)) == pytest.approx(length_s, abs=0.05)


@pytest.mark.parametrize("text", ["1s", "90s", "12h", "36h", "0.5s", "0.001s", "1.1h", "365d", "730d"])
def test_an_age_is_said_as_it_was_typed(text: str) -> None:
    assert as_age(age(text)) == text


def test_of_two_units_an_age_is_said_in_the_one_that_is_shorter() -> None:
    assert [as_age(length_s) for length_s in (0.0, 3600.0, 86400.0, 1.25 * 86400.0)] == ["0d", "1h", "1d", "30h"]
