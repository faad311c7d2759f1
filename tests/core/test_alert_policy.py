"""Which address is told of which severity, and what may be printed of it."""

import pytest

from model_promotion.core.alert_policy import AlertPolicy, Route, Severity, routes_of, scheme_of

ALL = frozenset(Severity)
HOOK = "slack://T0ken/a/b"


def severities(*routes: Route) -> dict[str, list[str]]:
    return {one.label: sorted(one.severities) for one in routes}


def test_each_severity_has_its_own_addresses_and_the_call_takes_all() -> None:
    policy = AlertPolicy(critical=("PAGER", HOOK), warning=(HOOK,))
    found = routes_of(policy, ("json://h",), {"PAGER": "pagerduty://k@i"})
    assert severities(*found) == {
        "json": ["critical", "info", "warning"],
        "PAGER": ["critical"],
        "slack": ["critical", "warning"],
    }
    assert [one.typed for one in found] == [True, False, False]


def test_an_address_that_is_named_twice_is_told_once() -> None:
    found = routes_of(AlertPolicy(critical=("HOOK",), info=(HOOK,)), (), {"HOOK": HOOK})
    assert severities(*found) == {"HOOK": ["critical", "info"]}


def test_a_variable_may_hold_several_which_are_told_apart() -> None:
    found = routes_of(AlertPolicy(info=("HOOKS",)), (), {"HOOKS": f"{HOOK} {HOOK}c"})
    assert [one.label for one in found] == ["HOOKS", "HOOKS (2)"]


@pytest.mark.parametrize(
    ("held", "said"), [({}, "is not set"), ({"A": "T0ken"}, "holds no address"), ({"A": ""}, "set")]
)
def test_a_variable_that_is_of_no_use_says_so_without_what_it_holds(held: dict[str, str], said: str) -> None:
    (route,) = routes_of(AlertPolicy(), ("A",), held)
    assert said in route.problem
    assert "T0ken" not in repr(route)


def test_no_route_shows_its_address() -> None:
    (route,) = routes_of(AlertPolicy(), (HOOK,), {})
    assert (route.address, "T0ken" in repr(route)) == (HOOK, False)


@pytest.mark.parametrize("values", [{"attempts": 0}, {"timeout_s": 0.0}, {"most": 0}, {"info": ("T0ken x",)}])
def test_what_makes_no_sense_is_refused_without_the_address(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"greater than 0|neither an address") as refused:
        AlertPolicy(**values)  # type: ignore[arg-type]
    assert "T0ken" not in str(refused.value)


@pytest.mark.parametrize(("address", "scheme"), [("MAILTOS://a", "mailtos"), ("OPS", ""), ("a b://c", "")])
def test_a_scheme_is_what_stands_in_front(address: str, scheme: str) -> None:
    assert scheme_of(address) == scheme
