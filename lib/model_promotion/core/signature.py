"""Would the champion's callers break on the candidate? Answered from the two signatures alone.

The rules are those of `mlflow.models.utils._enforce_schema`, read and measured in mlflow 3.17.2. Mlflow itself has no
such comparison, only equality, which an added optional column or another column order already violates.
"""

import base64
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from model_promotion.core.schema import (
    Anything,
    Array,
    Column,
    Map,
    Name,
    Object,
    Param,
    Scalar,
    Tensor,
    Type,
    columns_of,
    mapping_of,
    params_of,
    quoted,
    short,
)

# Data of the type on the left is accepted where one of the types on the right is declared, whatever its values.
# Not here: long -> float and long -> double. Mlflow lets those through for a column that holds nothing but 0 and 1, and
# refuses every other one, as not every 64 bit integer has a double. A caller who sends a count of 2 would break.
_WIDER = {"integer": ("long", "double"), "float": ("double",)}

_MOST_VALUES = 5_000_000
_OPEN_DIMENSION = 8
_LIKE = {
    "bool": "boolean",
    "int": "integer",
    "uint": "integer",
    "datetime": "datetime",
    "str": "string",
    "bytes": "string",
    "object": "string",
}


@dataclass(frozen=True)
class Signature:
    """What a model says it takes and gives. None: it does not say, and mlflow lets everything through."""

    inputs: tuple[Column, ...] | None
    outputs: tuple[Column, ...] | None
    params: tuple[Param, ...] | None

    @classmethod
    def from_mlmodel(cls, mapping: Mapping[str, object] | None) -> "Signature | None":
        """The signature in an MLmodel file, or None when there is none.

        Args:
            mapping: the file's content or its `signature` entry, whose values are JSON texts or what they parse to.

        Raises:
            ValueError: the content is malformed. It comes with the model, so it can be anything.
        """
        content = mapping_of({} if mapping is None else mapping, "the MLmodel file")
        entry = content.get("signature", content)
        if entry is None:
            return None
        parts = mapping_of(entry, "the signature")
        inputs, outputs = (columns_of(parts.get(part), part) for part in ("inputs", "outputs"))
        params = params_of(parts.get("params"))
        return None if (inputs, outputs, params) == (None, None, None) else cls(inputs, outputs, params)

    @property
    def named_inputs(self) -> tuple[Column, ...]:
        """The inputs that go by a name, which are columns of data."""
        return tuple(column for column in self.inputs or () if column.name is not None)

    @property
    def required_input_names(self) -> tuple[Name, ...]:
        """The inputs no call may leave out, by name, or by position where they have no names."""
        return tuple(key for key, column in _by_key(self.inputs or ()).items() if column.required)


def breaks(champion: Signature, candidate: Signature) -> tuple[str, ...]:
    """Would the champion's callers break on the candidate? One sentence for each way, none when they would not.

    Promised: what mlflow accepts for the champion, it accepts for the candidate. Columns that the champion's signature
    does not mention are taken to be absent: a caller may send them, mlflow drops them, and a candidate's new optional
    input of that name would not. Outputs and params have to stay the same, as mlflow checks no output, and drops params
    that it does not know without an error.
    """
    return (
        *_broken_inputs(champion.inputs, candidate.inputs),
        *_broken_outputs(champion.outputs, candidate.outputs),
        *_broken_params(champion.params or (), candidate.params or ()),
    )


def example_rows(signature: Signature, n: int = 5) -> dict[str, object]:
    """Made-up rows that fit the signature's inputs, the same ones at every call.

    Returns:
        For columns `{"columns": [name, ...], "data": [[value, ...], ...]}`, as in `dataframe_split`: datetimes are ISO
        texts, binary is base64. For one tensor without a name `{"tensor": nested lists, "dtype": "float64"}`, for
        tensors with names `{"tensors": {name: {"tensor": ..., "dtype": ...}}}`.

    Raises:
        ValueError: the signature has no inputs, or its tensors are too large to make up.
    """
    if not signature.inputs:
        raise ValueError("the signature names no inputs, so no example rows can be made from it")
    columns = _by_key(signature.inputs)
    tensors = {key: _tensor_example(c.type, n) for key, c in columns.items() if isinstance(c.type, Tensor)}
    if tensors:
        return tensors[0] if signature.inputs[0].name is None else {"tensors": tensors}
    types = [column.type for column in signature.inputs if not isinstance(column.type, Tensor)]
    return {"columns": list(columns), "data": [[_example(t, row + i) for i, t in enumerate(types)] for row in range(n)]}


def _by_key(columns: Sequence[Column]) -> dict[Name, Column]:
    return {i if column.name is None else column.name: column for i, column in enumerate(columns)}


def _broken_inputs(old: tuple[Column, ...] | None, new: tuple[Column, ...] | None) -> Iterator[str]:
    if not new:
        return
    if not old:
        yield "inputs are now checked against a signature, where the champion takes anything"
    elif isinstance(old[0].type, Tensor) != isinstance(new[0].type, Tensor):
        was, now = ("tensors", "columns") if isinstance(old[0].type, Tensor) else ("columns", "tensors")
        yield f"inputs were {was} and became {now}"
    elif (old[0].name is None) != (new[0].name is None):
        was, now = ("position", "name") if old[0].name is None else ("name", "position")
        yield f"inputs were matched by {was} and are now matched by {now}"
    else:
        known = _by_key(old)
        for key, column in _by_key(new).items():
            yield from _broken_input(f"input {quoted(key)}", known.get(key), column)
        yield from _reread_dicts(old, new)


def _broken_input(where: str, old: Column | None, new: Column) -> Iterator[str]:
    if old is None:
        if new.required:
            yield f"{where} is new and required"
        return
    if new.required and not old.required:
        yield f"optional {where} became required"
    if isinstance(old.type, Tensor) and isinstance(new.type, Tensor):
        if not _tensor_accepts(new.type, old.type):
            yield _became(where, old.type, new.type)
    elif not isinstance(old.type, Tensor) and not isinstance(new.type, Tensor):
        yield from _narrowed(where, old.type, new.type)


def _reread_dicts(old: Sequence[Column], new: Sequence[Column]) -> Iterator[str]:
    """Mlflow takes a dict for one row if any column is an array or object, and for columns of rows otherwise."""
    was, now = (any(isinstance(c.type, Array | Object) for c in columns) for columns in (old, new))
    if was != now:
        change = "the first" if now else "no longer any"
        reading = "one row" if now else "columns of rows"
        yield f"inputs have {change} array or object, so a dict that a caller sends is now read as {reading}"


def _tensor_accepts(new: Tensor, old: Tensor) -> bool:
    """Does the new tensor take all that the old one took?

    With data frames in play only the same shape will do: mlflow refuses every data frame for (-1, -1), which takes
    more arrays than (-1, 3) does.
    """
    if old.takes_data_frames:
        return new.shape == old.shape and (new.dtype == old.dtype or new.takes_anything)
    return new.takes_anything or (new.dtype == old.dtype and _covers(new.shape, old.shape))


def _covers(wide: tuple[int, ...], narrow: tuple[int, ...]) -> bool:
    return len(wide) == len(narrow) and all(w in (-1, n) for w, n in zip(wide, narrow, strict=True))


def _narrowed(where: str, old: Type, new: Type) -> Iterator[str]:
    match old, new:
        case _ if old == new or new == Anything():
            return
        case Scalar(), Scalar() if new.name in _WIDER.get(old.name, ()):
            return
        case Array(), Array():
            yield from _narrowed(f"an item of {where}", old.items, new.items)
        case Map(), Map():
            yield from _narrowed(f"a value of {where}", old.values, new.values)
        case Object(), Object():
            yield from _narrowed_object(where, old, new)
        case _:
            yield _became(where, old, new)


def _narrowed_object(where: str, old: Object, new: Object) -> Iterator[str]:
    was, now = ({p.name: p for p in each.properties} for each in (old, new))
    # Unlike a column, a property that is not declared is refused.
    yield from (f"property {quoted(name)} of {where} is no longer accepted" for name in was if name not in now)
    for name, prop in now.items():
        place = f"property {quoted(name)} of {where}"
        if name not in was:
            if prop.required:
                yield f"{place} is new and required"
            continue
        if prop.required and not was[name].required:
            yield f"optional {place} became required"
        yield from _narrowed(place, was[name].type, prop.type)


def _broken_outputs(old: tuple[Column, ...] | None, new: tuple[Column, ...] | None) -> Iterator[str]:
    if not old:
        return
    if not new:
        yield "outputs are no longer declared"
        return
    if old[0].name is None and new[0].name is None and len(old) != len(new):
        yield f"{len(old)} unnamed outputs became {len(new)}"
    elif (old[0].name is None) != (new[0].name is None):
        was, now = ("position", "name") if old[0].name is None else ("name", "position")
        yield f"outputs were told apart by {was} and are now told apart by {now}"
    else:
        present = _by_key(new)
        for key, column in _by_key(old).items():
            yield from _broken_output(f"output {quoted(key)}", column, present.get(key))


def _broken_output(where: str, old: Column, new: Column | None) -> Iterator[str]:
    if new is None:
        yield f"{where} is gone"
        return
    if old.required and not new.required:
        yield f"{where} became optional"
    if isinstance(old.type, Tensor) and isinstance(new.type, Tensor):
        same = old.type.dtype == new.type.dtype and _covers(old.type.shape, new.type.shape)
    else:
        same = old.type == new.type
    if not same:
        yield _became(where, old.type, new.type)


def _broken_params(old: Sequence[Param], new: Sequence[Param]) -> Iterator[str]:
    present = {param.name: param for param in new}
    for param in old:
        where = f"param {quoted(param.name)}"
        now = present.get(param.name)
        if now is None:
            yield f"{where} is no longer accepted"
        elif (now.type, now.shape) != (param.type, param.shape):
            yield _became(where, param, now)


def _became(where: str, old: object, new: object) -> str:
    return f"{where}: {short(str(old))} became {short(str(new))}"


def _example(kind: Type, seed: int) -> object:
    match kind:
        case Scalar(name):
            return _scalar_example(name, seed)
        case Anything():
            return f"text {seed}"
        case Array(items):
            return [_example(items, seed)]
        case Map(values):
            return {"key": _example(values, seed)}
        case Object(properties):
            return {prop.name: _example(prop.type, seed) for prop in properties}


def _scalar_example(name: str, seed: int) -> object:
    match name:
        case "boolean":
            return seed % 2 == 0
        case "integer" | "long":
            return seed + 1
        case "float" | "double":
            return seed + 0.5  # both widths hold it exactly
        case "binary":
            return base64.b64encode(b"bytes %d" % seed).decode()
        case "datetime":
            return (datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=seed)).replace(tzinfo=None).isoformat()
        case _:
            return f"text {seed}"


def _tensor_example(tensor: Tensor, rows: int) -> dict[str, object]:
    shape = tuple(_OPEN_DIMENSION if size == -1 else size for size in tensor.shape)
    if tensor.shape[:1] == (-1,):
        shape = (rows, *shape[1:])
    if math.prod(max(size, 1) for size in shape) > _MOST_VALUES:
        raise ValueError(f"an example of a {short(str(tensor))} would need more than {_MOST_VALUES} values")
    kind = next((scalar for start, scalar in _LIKE.items() if tensor.dtype.startswith(start)), "double")
    values = (_scalar_example(kind, i % 100) for i in count())
    return {"tensor": _filled(shape, values), "dtype": tensor.dtype}


def _filled(shape: tuple[int, ...], values: Iterator[object]) -> object:
    return [_filled(shape[1:], values) for _ in range(shape[0])] if shape else next(values)
