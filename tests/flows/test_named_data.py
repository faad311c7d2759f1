"""Named data are there, or the call is wrong."""

from pathlib import Path

import pytest

from model_promotion.core.dataset import Dataset
from model_promotion.core.errors import BadCall
from model_promotion.core.request import Mode, Request
from model_promotion.flows.named_data import all_there


@pytest.mark.parametrize("named", [{"eval_data": Dataset("a.b.c")}, {"reference_data": "n.csv"}, {"current_data": "n"}])
def test_a_file_that_is_not_there_is_a_wrong_call(named: dict[str, object]) -> None:
    with pytest.raises(BadCall, match="there is no data at"):
        all_there(Request(Mode.PROMOTE, **named))  # type: ignore[arg-type]


def test_what_only_an_engine_knows_is_left_to_it(tmp_path: Path) -> None:
    here = tmp_path / "rows.csv"
    here.touch()
    all_there(Request(Mode.PROMOTE, eval_data=Dataset("run"), reference_data=f"file://{here}", current_data=str(here)))
    all_there(Request(Mode.PROMOTE, current_data="a.b.c", engine="warehouse"))
