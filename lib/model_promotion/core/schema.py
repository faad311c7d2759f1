"""What the inputs, outputs and params of an mlflow signature can be, and how they are read from an MLmodel file.

The file comes with the model, so it can hold anything: whatever is not a signature is a ValueError of one sentence.
"""

# ruff: noqa: TRY004 - what is wrong is the content of a file, whichever Python type that comes out as

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

SCALARS = frozenset({"boolean", "integer", "long", "float", "double", "string", "binary", "datetime"})

_DEEPEST = 32
_MOST_DIMENSIONS = 64  # numpy's own limit
_LONGEST = 80
_DTYPE = re.compile(r"[a-zA-Z_]+[0-9]*(\[[a-z]+\])?")


@dataclass(frozen=True)
class Scalar:
    """One value of a named mlflow data type, such as double."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Anything:
    """Any JSON value, unchecked."""

    def __str__(self) -> str:
        return "anything"


@dataclass(frozen=True)
class Array:
    """A list of items of one type."""

    items: "Type"

    def __str__(self) -> str:
        return f"array of {self.items}"


@dataclass(frozen=True)
class Map:
    """A dict with any text as keys and values of one type."""

    values: "Type"

    def __str__(self) -> str:
        return f"map of {self.values}"


@dataclass(frozen=True)
class Property:
    """One key of an object."""

    name: str
    type: "Type"
    required: bool

    def __str__(self) -> str:
        return f"{self.name!r}{'' if self.required else '?'}: {self.type}"


@dataclass(frozen=True)
class Object:
    """A dict with known keys, sorted by name; other keys are refused."""

    properties: tuple[Property, ...]

    def __str__(self) -> str:
        return "object {" + ", ".join(map(str, self.properties)) + "}"


@dataclass(frozen=True)
class Tensor:
    """An array of one numpy type; -1 in the shape is a dimension of any size."""

    dtype: str
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.dtype} tensor {self.shape}"

    @property
    def takes_anything(self) -> bool:
        """Does mlflow let every array through here? It does so for the sake of ragged arrays."""
        return self.dtype == "object" and self.shape == (-1,)

    @property
    def takes_data_frames(self) -> bool:
        """Can a caller send a data frame? Mlflow knows how to cut one up only if nothing but the row count is open."""
        return self.shape[:1] == (-1,) and -1 not in self.shape[1:]


Type: TypeAlias = Scalar | Anything | Array | Map | Object
Name: TypeAlias = str | int


@dataclass(frozen=True)
class Column:
    """One input or output. Its name is None where columns are told apart by position."""

    name: Name | None
    type: Type | Tensor
    required: bool


@dataclass(frozen=True)
class Param:
    """One inference parameter: a single value (shape None) or a list of them (shape (-1,))."""

    name: str
    type: Type
    shape: tuple[int, ...] | None

    def __str__(self) -> str:
        return str(self.type) if self.shape is None else f"list of {self.type}"


def quoted(name: Name) -> str:
    """The name as Python writes it, which spells out control characters."""
    return short(repr(name))


def short(text: str) -> str:
    """The text, cut where a person stops reading."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _specs(value: object, part: str) -> Sequence[object] | None:
    if value is None or value == "":
        return None
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the signature's {part} are not JSON: {short(str(error))}") from None
    if parsed is None:
        return None
    if not isinstance(parsed, list | tuple):
        raise ValueError(f"the signature's {part} must be a list, not {type(parsed).__name__}")
    return parsed


def mapping_of(value: object, what: str) -> Mapping[str, object]:
    """The value, if it is a mapping."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{what} must be a mapping, not {type(value).__name__}")
    return value


def columns_of(value: object, part: str) -> tuple[Column, ...] | None:
    """The inputs or outputs in a signature's entry, or None when there are none."""
    specs = _specs(value, part)
    if specs is None:
        return None
    columns = tuple(_column(mapping_of(spec, f"each of the signature's {part}"), i) for i, spec in enumerate(specs))
    if fault := _fault(columns):
        raise ValueError(f"the signature's {part} {fault}")
    return columns


def _fault(columns: Sequence[Column]) -> str:
    """What mlflow would refuse about these columns together."""
    names = [column.name for column in columns]
    tensors = {isinstance(column.type, Tensor) for column in columns}
    if not columns:
        return "are an empty list"
    if tensors == {True, False}:
        return "mix columns and tensors"
    if None not in names:
        return _repeated(names)
    if set(names) != {None}:
        return "mix columns with and without a name"
    unfit = not all(column.required for column in columns) or (tensors == {True} and len(columns) > 1)
    return "have no names, which optional columns and several tensors need" if unfit else ""


def _repeated(names: Sequence[Name | None]) -> str:
    twice = [name for name, times in Counter(names).items() if name is not None and times > 1]
    return f"name {quoted(min(twice, key=str))} twice" if twice else ""


def _column(spec: Mapping[str, object], position: int) -> Column:
    name = spec.get("name")
    if isinstance(name, bool) or not isinstance(name, str | int | None):
        raise ValueError(f"column {position} of the signature has a name that is neither text nor a whole number")
    # Mlflow takes an empty name (or a 0) for none and looks for the position instead: no caller could send this column.
    if name is not None and not name and name != position:
        raise ValueError(f"column {position} of the signature has an empty name")
    if spec.get("type") == "tensor":
        return Column(name, _tensor(spec), required=True)
    column_type = _type(spec)
    # Left out, it means required for a single value and optional for the rest; older mlflow wrote "optional".
    default = not spec.get("optional", False) if isinstance(column_type, Scalar) else False
    return Column(name, column_type, _flag(spec.get("required", default)))


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("`required` in a signature must be true or false")
    return value


def _type(spec: Mapping[str, object], depth: int = 0) -> Type:
    if depth > _DEEPEST:
        raise ValueError(f"a type in the signature is nested more than {_DEEPEST} levels deep")
    match spec.get("type"):
        case "array":
            return Array(_type(mapping_of(spec.get("items"), "an array's items"), depth + 1))
        case "map":
            return Map(_type(mapping_of(spec.get("values"), "a map's values"), depth + 1))
        case "object":
            properties = mapping_of(spec.get("properties"), "an object's properties")
            if not properties:
                raise ValueError("the signature has an object without properties")
            return Object(tuple(_property(name, properties[name], depth + 1) for name in sorted(properties, key=str)))
        case "any":
            return Anything()
        case "sparkml_vector":  # checked as what it is
            return Array(Scalar("double"))
        case str() as name if name in SCALARS:
            return Scalar(name)
        case other:
            raise ValueError(f"the signature has a type that mlflow does not know: {short(repr(other))}")


def _property(name: object, spec: object, depth: int) -> Property:
    if not isinstance(name, str):
        raise ValueError("a property in the signature has a name that is not text")
    content = mapping_of(spec, f"property {quoted(name)}")
    return Property(name, _type(content, depth), _flag(content.get("required", True)))


def _tensor(spec: Mapping[str, object]) -> Tensor:
    content = mapping_of(spec.get("tensor-spec"), "a tensor's specification")
    dtype = content.get("dtype")
    if not (isinstance(dtype, str) and _DTYPE.fullmatch(dtype)):
        raise ValueError(f"a tensor in the signature has a dtype that numpy does not know: {short(repr(dtype))}")
    return Tensor(dtype, _shape(content.get("shape")))


def _shape(value: object) -> tuple[int, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError("a shape in the signature must be a list of whole numbers")
    if len(value) > _MOST_DIMENSIONS:
        raise ValueError(f"a shape in the signature has more than {_MOST_DIMENSIONS} dimensions")
    if not all(isinstance(size, int) and not isinstance(size, bool) and size >= -1 for size in value):
        raise ValueError("a shape in the signature may hold whole numbers from -1 up, and nothing else")
    return tuple(value)


def params_of(value: object) -> tuple[Param, ...] | None:
    """The params in a signature's entry, or None when there are none."""
    specs = _specs(value, "params")
    if not specs:
        return None
    params = tuple(_param(mapping_of(spec, "each of the signature's params")) for spec in specs)
    if fault := _repeated([param.name for param in params]):
        raise ValueError(f"the signature's params {fault}")
    return params


def _param(spec: Mapping[str, object]) -> Param:
    name, shape = spec.get("name"), spec.get("shape")
    if not isinstance(name, str):
        raise ValueError("a param in the signature has no name")
    kind = _type({**spec, "type": spec.get("type") or spec.get("dtype")})
    return Param(name, kind, None if shape is None else _shape(shape))
