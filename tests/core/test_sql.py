"""Names in SQL."""

import pytest

from model_promotion.core.errors import BadCall
from model_promotion.core.sql import quoted, table_named


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("main.shop.sales", "`main`.`shop`.`sales`"),
        ("main.`my shop`.`a.b`", "`main`.`my shop`.`a.b`"),
        ("`ma``in`.shop.sales", "`ma``in`.`shop`.`sales`"),
        ("main.shop.x;--", "`main`.`shop`.`x;--`"),
    ],
)
def test_a_table_is_three_names_between_backticks(name: str, table: str) -> None:
    assert table_named(name) == table


@pytest.mark.parametrize(
    "name", ["sales", "shop.sales", "a.b.c.d", "a.b.", ".a.b", "a b.c.d", "a.b.`c", "a.b.``", "a/b"]
)
def test_everything_else_is_no_table(name: str) -> None:
    with pytest.raises(BadCall, match="is no table of Unity Catalog"):
        table_named(name)


def test_a_backtick_does_not_end_a_name() -> None:
    assert quoted("a` FROM b; --") == "`a`` FROM b; --`"
