from typing import Any

import pytest

from model_promotion.core.errors import BadCall
from model_promotion.core.gates import DAY_S, GatePolicy, approver_name, gate_name


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"valid_days": 0.0}, "valid_days must be greater than 0"),
        ({"identity": "ssh"}, "needs allowed_signers"),
        ({"tag": "Approval_Check", "four_eyes": False}, "takes only required and to"),
        ({"tag": "Approval_Check", "valid_days": 1.0}, "takes only required and to"),
    ],
)
def test_a_gate_that_contradicts_itself_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        GatePolicy(**values)


def test_a_gate_guards_the_places_that_it_names_or_all() -> None:
    assert GatePolicy().guards(("anything", None))
    assert GatePolicy(to=("champion", "stage:Production")).guards(("production", "stage:Production"))
    assert not GatePolicy(to=("champion",)).guards(("staging", None))


def test_an_approval_holds_for_days() -> None:
    assert GatePolicy(valid_days=0.5).until(100.0) == 100 + DAY_S / 2


@pytest.mark.parametrize("text", ["", "Business", "a.b", "a-b", "1st", "a" * 41, "a\n"])
def test_a_name_that_no_tag_could_hold_is_none(text: str) -> None:
    with pytest.raises(BadCall, match="is not a name"):
        gate_name(text)


@pytest.mark.parametrize("text", ["", "  ", "ada\x00", "ada\nbob", "\x1b[2J", "a" * 201])
def test_nobody_is_called_so(text: str) -> None:
    with pytest.raises(BadCall, match="is no name"):
        approver_name(text)


def test_an_approver_is_told_what_to_type() -> None:
    assert GatePolicy().words == ("--approver", "NAME", "--reason", "TEXT")
    assert GatePolicy(identity="login").words == ("--reason", "TEXT")
    assert "--sign-with" in GatePolicy(identity="ssh", allowed_signers="keys").words
