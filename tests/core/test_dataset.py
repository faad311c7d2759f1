"""What a call says of its data goes before what the policy says, word by word."""

import pytest

from model_promotion.core.dataset import Dataset

POLICY = Dataset("policy.parquet", "sold", id="row")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (Dataset(), POLICY),
        (Dataset("call.parquet"), Dataset("call.parquet", "sold", id="row")),
        (Dataset(target="paid"), Dataset("policy.parquet", "paid", id="row")),
        (Dataset("run", group="user"), Dataset("run", "sold", id="row", group="user")),
    ],
)
def test_each_word_of_the_call_wins(said: Dataset, meant: Dataset) -> None:
    assert said.filled(POLICY) == meant


def test_columns_without_data_are_no_data() -> None:
    assert not Dataset(target="paid").filled(Dataset())
