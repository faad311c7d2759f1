"""Versions that take a few columns, and rows on disk that drift or do not."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from model_promotion.core.finding import Finding
from model_promotion.core.request import Mode
from model_promotion.engines.local import LocalEngine
from model_promotion.scoring.process import ChildScorer
from model_promotion.scoring.streams import ChildScores
from model_promotion.world import World
from tests.worlds import METADATA, Scene, version


def rows(seed: int, shift: float = 0.0) -> pa.Table:
    made = np.random.default_rng(seed)
    return pa.table(
        {
            "age": made.normal(shift, size=400),
            "city": made.choice(["Rome", "Oslo"], 400),
            "payload": [b"x"] * 400,
            "seen": pa.array(made.integers(0, 10**6, 400), pa.timestamp("s")),
        }
    )


class Shop(Scene):
    """Four versions that take age, city and payload, with rows on disk."""

    def __init__(self, folder: Path, inputs: str = "age city payload") -> None:
        super().__init__()
        types = {"age": "double", "city": "string", "payload": "binary"}
        named = [{"name": name, "type": types[name], "required": True} for name in inputs.split()]
        signature = {"inputs": json.dumps(named), "outputs": json.dumps([{"type": "double"}]), "params": None}
        for number in range(1, 5):
            self.registry.add(version(str(number)), metadata={**METADATA, "signature": signature if named else None})
        self.by_hand("champion", "1")
        self.folder = folder
        for name, table in {"then": rows(1), "same": rows(2), "moved": rows(3, shift=1.0)}.items():
            pq.write_table(table, folder / f"{name}.parquet")

    @property
    def world(self) -> World:
        return replace(super().world, engine=lambda _name: LocalEngine(ChildScores(ChildScorer())))

    def at(self, name: str) -> str:
        return name if "." in name else str(self.folder / f"{name}.parquet")

    def told(self, number: str, mode: Mode = Mode.CHECK, **named: str) -> Finding:
        given = {f"{role}_data": self.at(name) for role, name in named.items()}
        found = self.promote(number, mode=mode, **given).findings
        return next(one for one in found if one.check == "data_drift")
