"""Drawings as shapes with their places: a page makes SVG of them, and everything that is written in them stays text."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

WIDTH = 720
LINE = 24
LETTERS = 26
"""So many letters of a label have room; the whole of it stands in the table below."""
Value = str | float


@dataclass(frozen=True)
class Shape:
    """One element of SVG: its name, its attributes, and the text in it."""

    tag: str
    attributes: Mapping[str, Value]
    said: str = ""


@dataclass(frozen=True)
class Drawing:
    """Shapes on a sheet; `title` and `told` are what somebody hears who cannot see it.

    `told` says what is drawn and how to read it. It is also the caption.
    """

    title: str
    told: str
    height: float
    shapes: tuple[Shape, ...]
    width: float = WIDTH


def line(start: tuple[float, float], end: tuple[float, float], kind: str) -> Shape:
    """A line from one point to another."""
    (x1, y1), (x2, y2) = start, end
    return Shape("line", {"x1": r(x1), "y1": r(y1), "x2": r(x2), "y2": r(y2), "class": kind})


def box(corner: tuple[float, float], size: tuple[float, float], kind: str) -> Shape:
    """A filled rectangle, from its upper left corner."""
    (x, y), (width, height) = corner, size
    return Shape("rect", {"x": r(x), "y": r(y), "width": r(max(width, 0)), "height": r(max(height, 0)), "class": kind})


def dot(x: float, y: float, kind: str) -> Shape:
    """A filled circle."""
    return Shape("circle", {"cx": r(x), "cy": r(y), "r": 4, "class": kind})


def text(x: float, y: float, said: str, anchor: str = "start") -> Shape:
    """A line of text; `anchor` is start, middle or end, the place of x in it."""
    return Shape("text", {"x": r(x), "y": r(y), "text-anchor": anchor}, said)


def label(x: float, y: float, said: str) -> Shape:
    """A name to the left of what it names, as far as there is room."""
    return text(x, y, said if len(said) <= LETTERS else f"{said[: LETTERS - 1]}…", "end")


def r(number: float) -> float:
    """A place to a tenth of a unit, so that the same drawing is the same text."""
    return round(float(number), 1)


def finite(value: object) -> float | None:
    """A number that can be drawn; None for all else."""
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None
