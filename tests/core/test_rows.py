"""What a version brings to be asked with: its example, else rows that its signature allows."""

import json
from typing import Any

import pytest

from model_promotion.core.errors import NotFound, Unavailable
from model_promotion.core.rows import MOST_BYTES, own_rows, taken
from model_promotion.core.signature import Signature

SPLIT = {"columns": ["age"], "data": [[41], [42]]}
INPUTS = [{"name": "age", "type": "long", "required": True}, {"name": "tier", "type": "string", "required": False}]
SIGNED: dict[str, Any] = {"signature": {"inputs": json.dumps(INPUTS), "outputs": None, "params": None}}
WITH_EXAMPLE = {**SIGNED, "saved_input_example_info": {"artifact_path": "input_example.json"}}


def kept(**files: bytes) -> Any:
    def read(name: str) -> bytes:
        if name not in files:
            raise Unavailable(f"no such file: {name}")
        return files[name]

    return read


@pytest.mark.parametrize(
    "files",
    [
        {"serving_input_example.json": json.dumps({"dataframe_split": SPLIT}).encode()},
        {"input_example.json": json.dumps(SPLIT).encode()},
        {"serving_input_example.json": b"{", "input_example.json": json.dumps(SPLIT).encode()},
    ],
)
def test_the_example_that_was_saved_comes_first(files: dict[str, bytes]) -> None:
    rows = own_rows("v2", WITH_EXAMPLE, kept(**files))
    assert (rows.sent, rows.told, len(rows.payloads)) == ({"dataframe_split": SPLIT}, "its input example", 2)


@pytest.mark.parametrize("content", [None, b"\xff", b"1" * (MOST_BYTES + 1)])
def test_an_example_that_cannot_be_read_is_said_and_the_signature_makes_rows(content: bytes | None) -> None:
    files = {} if content is None else {"input_example.json": content}
    rows = own_rows("v2", WITH_EXAMPLE, kept(**files))
    assert rows.sent["dataframe_split"]["columns"] == ["age", "tier"]
    assert rows.told.startswith("rows made from its signature (its input example cannot be read: ")
    assert "41" not in rows.told


def test_without_an_example_no_file_is_read() -> None:
    def read(name: str) -> bytes:
        raise AssertionError(name)

    assert own_rows("v2", SIGNED, read).told == "rows made from its signature"


@pytest.mark.parametrize("metadata", [{}, {"signature": {"inputs": "[", "outputs": None, "params": None}}])
def test_with_neither_there_is_nothing_to_ask(metadata: dict[str, Any]) -> None:
    with pytest.raises(NotFound, match="v2 has n") as error:
        own_rows("v2", metadata, kept())
    assert "infer_signature" in str(error.value.hint)


def test_of_data_go_out_the_columns_that_it_takes_and_no_other() -> None:
    signature = Signature.from_mlmodel(SIGNED)
    assert taken("v2", signature, ["id", "age", "target"], ["target", "id"]) == ["age"]
    assert taken("v2", None, ["id", "age", "target"], ["target", "id"]) == ["age"]
    with pytest.raises(NotFound, match="lacks what v2 takes: age"):
        taken("v2", signature, ["id", "tier"], [])
