"""Loads one model and tries it: boundary rows, batches, order, JSON, and what the policy expects of its answers.

Run as `python -I probe_child.py < request.json`, beside `child.py` and `probe_rows.py`, which it loads by path. Each
case is one JSON line in the file that the request names, announced before it is begun: so a model that takes the
process with it, or does not come back, is told with the case that it was at.

What happened is told as one of five words, and judged elsewhere: passed, refused (an error that says what is wrong),
broke (any other error), flawed (an answer that is none), skipped.
"""
# ruff: noqa: ANN401 - as in child.py

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import sys
import time
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MANY_ROWS = 10_000
MANY_BYTES = 256 * 1024 * 1024
MOST_ALONE = 20
SAID_LENGTH = 250
Told = tuple[str, str]
ALIKE: Told = ("skipped", "all example rows are alike, and no others could be made or are answered")


sys.path.insert(0, str(Path(__file__).parent))  # `python -I` leaves it out,
import manners  # noqa: E402

sys.path.pop(0)  # and what the model imports is its own.

child = manners.neighbour("child")
probe_rows = manners.neighbour("probe_rows")
probe_answers = manners.neighbour("probe_answers")
PASSED: Told = probe_answers.PASSED


def refusal(error: BaseException) -> str:
    """Whether an error looks meant: a ValueError, or what MLflow itself says of the input."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return "refused" if names & {"ValueError", "NotImplementedError", "MlflowException"} else "broke"


def pick(data: Any, places: Any) -> Any:
    """These rows, numbered afresh, as a server would hand them over."""
    return data.iloc[places].reset_index(drop=True) if isinstance(data, pd.DataFrame) else data[places]


@dataclass
class Probe:
    """A loaded model, rows that it can answer, and its first answer to them.

    `more_rows` is a Parquet file with others, `whence` what is said of rows that are not those of the example.
    """

    model: Any
    data: Any
    tolerance: float
    until: float
    first: dict[str, Any]
    row_s: float = float("inf")
    calls: list[int] = field(default_factory=list)
    more_rows: str | None = None
    whence: str = ""

    def ask(self, data: Any) -> Any:
        """Its answer as a table, to a copy: a model may change what it is given."""
        self.calls.append(child.count_of(data) or 1)
        fresh = copy.deepcopy(data)
        began = time.perf_counter()
        answer = self.model.predict(fresh)
        # With what each call costs, so it is too much for few rows, and comes down when there are more.
        self.row_s = min(self.row_s, (time.perf_counter() - began) / max(1, child.count_of(data) or 1))
        return child.as_table(answer, self.outputs)

    @property
    def inputs(self) -> Any:
        """The columns that the signature takes; None where it names none."""
        signature = self.model.metadata.signature
        schema = signature.inputs if signature else None
        return None if schema is None or schema.is_tensor_spec() or not schema.has_input_names() else schema

    @property
    def outputs(self) -> Any:
        """What the signature promises as an answer."""
        signature = self.model.metadata.signature
        return signature.outputs if signature else None

    def cases(self, expect: list[dict[str, Any]]) -> Iterator[tuple[str, Callable[[], Told]]]:
        """Every case that these rows allow, the last one being whether all the others changed the answer."""
        if not isinstance(self.data, (pd.DataFrame, np.ndarray)):
            yield "rows", lambda: ("skipped", f"no rows can be cut out of a {type(self.data).__name__}")
        else:
            yield "one_row", self.one_row
            yield "batch", lambda: self.with_differing(Probe.batch)
            yield "order", lambda: self.with_differing(Probe.order)
            yield "json", self.json
            yield "empty", self.empty
            yield from self.edge_cases()
            yield "many_rows", lambda: self.with_differing(Probe.many_rows)
        for one in expect:
            yield f"expect {one['column']} {one['answer']}", partial(self.expected, one)
        yield "repeat", self.repeat

    def edge_cases(self) -> Iterator[tuple[str, Callable[[], Told]]]:
        """Boundary rows need a signature that says what is legal."""
        if self.inputs is None or not isinstance(self.data, pd.DataFrame):
            yield "edges", lambda: ("skipped", "no signature with named columns says which values are legal")
            return
        for edge in probe_rows.edges(self.data, self.inputs):
            yield edge.case, partial(self.edge, edge)

    def edge(self, edge: Any) -> Told:
        """One answer a row, none of them NaN, of the promised types."""
        try:
            table = self.ask(edge.frame)
        except Exception as error:  # noqa: BLE001 - a model may raise anything
            return refusal(error), f"{self.culprit(edge)}: {manners.told(error)}"
        if table.counted and table.rows != len(edge.frame):
            return "flawed", f"answered {table.rows} rows for {len(edge.frame)}, the first with {edge.labels[0]}"
        if said := probe_answers.first_flaw(table, edge.labels):
            return "flawed", said
        wrong = child.misfits(table, self.outputs) if self.outputs is not None else []
        return ("flawed", f"{wrong[0]}, in an answer to {edge.labels[0]}") if wrong else PASSED

    def culprit(self, edge: Any) -> str:
        """The first row that it does not answer: found by halves, as rows that come before it are answered."""
        low, high = 0, len(edge.frame)
        while high - low > 1:
            middle = (low + high) // 2
            try:
                self.model.predict(copy.deepcopy(pick(edge.frame, np.arange(low, middle))))
                low = middle
            except Exception:  # noqa: BLE001 - as in edge
                high = middle
        return str(edge.labels[low])

    def empty(self) -> Told:
        """No rows, no answers."""
        table = self.ask(pick(self.data, np.arange(0)))
        return PASSED if table.rows == 0 else ("flawed", f"answered {table.rows} rows for none")

    def one_row(self) -> Told:
        """One row, one answer."""
        table = self.ask(pick(self.data, np.arange(1)))
        return PASSED if table.rows == 1 else ("flawed", f"answered {table.rows} rows for 1")

    def with_differing(self, case: Callable[[Probe], Told]) -> Told:
        """The case on rows that differ: one row beside itself says nothing about what its neighbours do to it."""
        return case(self.differing) if self.differing else ALIKE

    @cached_property
    def differing(self) -> Probe | None:
        """This one where its rows differ, else one with others that the model answers; None where there are none."""
        if probe_rows.differ(self.data):
            return self
        for whence, make in ((" of the evaluation data", self.others), *probe_rows.NUDGES):
            with contextlib.suppress(Exception):  # other rows are a favour: a model may refuse them
                rows = make(self.data)
                first = probe_answers.columns_of(self.ask(rows))
                if probe_rows.differ(rows) and all(len(one) == len(rows) for one in first.values()):
                    return replace(self, data=rows, first=first, row_s=self.row_s, whence=whence)
        return None

    def others(self, data: pd.DataFrame) -> pd.DataFrame:
        """Rows of the evaluation data, in the form of the example's."""
        return pd.read_parquet(self.more_rows, columns=[*data.columns]).head(MOST_ALONE).astype(data.dtypes)

    def batch(self) -> Told:
        """Row by row it says what it says in a batch."""
        places = np.arange(min(len(self.data), MOST_ALONE))
        alone = [probe_answers.columns_of(self.ask(pick(self.data, np.array([place])))) for place in places]
        if any(one.keys() != self.first.keys() for one in alone):
            return "flawed", "one row alone has other columns than a batch"
        joined = {name: np.concatenate([np.atleast_1d(one[name]) for one in alone]) for name in self.first}
        return self.same(self.some(places), joined, f"alone instead of in a batch of {len(self.data)}")

    def order(self) -> Told:
        """In another order of rows each row has the answer it had."""
        for places in (np.arange(len(self.data))[::-1], np.random.default_rng(7).permutation(len(self.data))):
            back = {name: values[np.argsort(places)] for name, values in self.answers(places).items()}
            kind, said = self.same(self.first, back, f"in another order of {len(places)} rows")
            if said:
                return kind, said
        return PASSED

    def many_rows(self) -> Told:
        """Ten thousand rows, or as many as there is time and room for, have the answers that the few had."""
        for goal in (MANY_ROWS // 10, MANY_ROWS):
            count = min(goal, self.room_for)
            places = np.arange(max(len(self.data), count)) % len(self.data)
            kind, said = self.same(self.some(places), self.answers(places), f"in {len(places)} rows")
            if said or count < goal:
                break
        few = f"{len(places)} rows were tried instead of {MANY_ROWS}: there is no time or room for more"
        return (kind, said) if said or count == MANY_ROWS else ("passed", few)

    @property
    def room_for(self) -> int:
        """How many rows fit into memory and into a quarter of the time that is left."""
        size = self.data.memory_usage().sum() if isinstance(self.data, pd.DataFrame) else self.data.nbytes
        in_time = int((self.until - time.monotonic()) / 4 / max(self.row_s, 1e-9))
        return min(MANY_BYTES * len(self.data) // max(1, int(size)), in_time)

    def json(self) -> Told:
        """Sent as JSON and parsed as MLflow's scoring server does, the rows have the answers that they had."""
        try:
            from mlflow.models import convert_input_example_to_serving_input
            from mlflow.pyfunc.scoring_server import infer_and_parse_data, predictions_to_json
        except ImportError as error:
            return "skipped", f"this MLflow cannot do it: {manners.told(error)}"
        places = np.arange(min(len(self.data), MOST_ALONE))
        sent = json.loads(convert_input_example_to_serving_input(pick(self.data, places)))
        signature = self.model.metadata.signature
        parsed = infer_and_parse_data(sent, signature.inputs if signature else None)
        self.calls.append(len(places))
        answer = self.model.predict(parsed)
        kind, said = self.same(
            self.some(places), probe_answers.columns_of(child.as_table(answer, self.outputs)), "when sent as JSON"
        )
        if said:
            return kind, said
        predictions_to_json(answer, io.StringIO())
        return PASSED

    def repeat(self) -> Told:
        """After everything else it says of the first rows what it said at first."""
        again = probe_answers.columns_of(self.ask(self.data))
        return self.same(self.first, again, f"when asked again after {len(self.calls) - 1} calls")

    def expected(self, one: dict[str, Any]) -> Told:
        """The answer goes where the policy says, as one column goes through the values that it lists."""
        if not isinstance(self.data, pd.DataFrame) or one["column"] not in self.data.columns:
            return "flawed", f"there is no column {one['column']}"
        values, rows = one["values"], len(self.data)
        frame = pick(self.data, np.arange(rows * len(values)) % rows)
        changed = pd.Series([value for value in values for _ in range(rows)])
        specs = {spec.name: spec for spec in (self.inputs.inputs if self.inputs is not None else ())}
        spec = specs.get(one["column"])
        frame[one["column"]] = child.cast_column(changed, spec.type) if spec is not None else changed
        answers = probe_answers.columns_of(self.ask(frame))
        if any(len(column) != len(frame) for column in answers.values()):
            return "flawed", f"did not answer each of {len(frame)} rows"
        judge = probe_answers.unmoved if one["answer"] == "same" else probe_answers.moved
        found: Told = judge(one, answers, rows)
        return found

    def some(self, places: Any) -> dict[str, Any]:
        """The first answer, for these rows."""
        return {name: values[places] for name, values in self.first.items()}

    def answers(self, places: Any) -> dict[str, Any]:
        """The answer to these rows."""
        found: dict[str, Any] = probe_answers.columns_of(self.ask(pick(self.data, places)))
        return found

    def same(self, was: dict[str, Any], is_: dict[str, Any], when: str) -> Told:
        """Passed, or where it differs."""
        said = probe_answers.difference(was, is_, self.tolerance)
        return ("flawed", f"{said} {when}{self.whence}; tolerance {self.tolerance:g}") if said else PASSED


def try_all(request: dict[str, Any], write: Callable[[dict[str, Any]], None]) -> None:
    """Every case, one line before it and one after."""
    pyfunc = manners.pyfunc(request)
    until = time.monotonic() + request["probe_s"]
    write({"trying": "load"})
    model = pyfunc.load_model(request["model_dir"])
    data = child.rows_for(request, model.metadata.signature)
    probe = Probe(model, data, request["tolerance"], until, {}, more_rows=request["more_rows"])
    probe.first = probe_answers.columns_of(probe.ask(data))
    for name, run in probe.cases(request["expect"]):
        if name not in request["skip"]:
            write({"trying": name})
            write({"case": name, **tried(run, until)})
    write({"end": True})


def tried(run: Callable[[], Told], until: float) -> dict[str, Any]:
    """What became of one case, and how long it took."""
    began = time.perf_counter()
    try:
        late = ("skipped", "no time was left for it: raise timeout_s under [model_tests]")
        kind, said = run() if time.monotonic() < until else late
    except BaseException as error:  # noqa: BLE001 - a model may raise SystemExit or KeyboardInterrupt as well
        kind = "flawed" if isinstance(error, manners.Trouble) else refusal(error)
        said = manners.told(error)
    return {"kind": kind, "said": said[:SAID_LENGTH], "took_s": time.perf_counter() - began}


def main() -> None:
    """One request in, two lines a case out."""
    request = manners.request()
    with manners.lines(request["answer_to"]) as write:
        try:
            try_all(request, write)
        except BaseException as error:  # noqa: BLE001 - as in tried
            write({"case": "load", "kind": "broke", "said": manners.told(error), "took_s": 0.0})
            write({"end": True})
    os._exit(0)


if __name__ == "__main__":
    main()
