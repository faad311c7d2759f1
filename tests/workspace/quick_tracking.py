"""Runs and experiments in memory: for benchmarks, where a real mlflow server would be what is measured.

It knows what a record of a promotion needs, and no more: an experiment by name, a run with tags, params and metrics,
and the search for runs by the tag that names their model.
"""

import itertools
import json
import re
import threading
import uuid
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from tests.workspace.tracking import Tracking
from tests.workspace.wire import Call, RefusedError, Reply

KEY = re.compile(r"tags\.`promotion\.key` = '(\w+)'")


class QuickTracking(Tracking):
    """Answers at once; how long a request takes is the workspace's to say."""

    def __init__(self) -> None:
        super().__init__(None)
        self.experiments: dict[str, str] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def ask(self, call: Call) -> Reply:
        """What the mlflow server would answer."""
        path, _, asked = call.path.partition("?")  # The workspace itself asks with everything in one text.
        call, what = replace(call, query={**call.query, **dict(parse_qsl(asked))}), path.partition("/mlflow/")[2]
        answers = {
            "experiments/get-by-name": self._experiment,
            "experiments/create": self._new_experiment,
            "runs/create": self._new_run,
            "runs/get": lambda call: {"run": self.runs[call.arg("run_id")]},
            "runs/log-batch": self._log,
            "runs/update": self._update,
            "runs/search": self._search,
        }
        with self._lock:
            body = answers[what](call)
            return Reply(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _experiment(self, call: Call) -> dict[str, Any]:
        name = call.arg("experiment_name")
        if name not in self.experiments:
            raise RefusedError("RESOURCE_DOES_NOT_EXIST", f"Could not find experiment with name {name}")
        return {"experiment": {"experiment_id": self.experiments[name], "name": name, "lifecycle_stage": "active"}}

    def _new_experiment(self, call: Call) -> dict[str, Any]:
        self.experiments[call.arg("name")] = str(next(self._numbers))
        return {"experiment_id": self.experiments[call.arg("name")]}

    def _new_run(self, call: Call) -> dict[str, Any]:
        run_id, experiment = uuid.uuid4().hex, call.arg("experiment_id")
        info = {"run_id": run_id, "run_uuid": run_id, "experiment_id": experiment, "lifecycle_stage": "active"}
        info |= {"status": "RUNNING", "run_name": call.arg("run_name"), "start_time": int(call.arg("start_time", "0"))}
        info["artifact_uri"] = f"dbfs:/databricks/mlflow-tracking/{experiment}/{run_id}/artifacts"
        self.runs[run_id] = {"info": info, "data": {"tags": call.json.get("tags", []), "params": [], "metrics": []}}
        return {"run": self.runs[run_id]}

    def _log(self, call: Call) -> dict[str, Any]:
        data = self.runs[call.arg("run_id")]["data"]
        for kind in ("params", "metrics", "tags"):
            data[kind] += call.json.get(kind, [])
        return {}

    def _update(self, call: Call) -> dict[str, Any]:
        info = self.runs[call.arg("run_id")]["info"]
        info |= {"status": call.arg("status", info["status"]), "end_time": int(call.arg("end_time", "0"))}
        return {"run_info": info}

    def _search(self, call: Call) -> dict[str, Any]:
        wanted = KEY.search(call.arg("filter"))
        found = [run for run in self.runs.values() if run["info"]["status"] == "FINISHED"]
        tag = {"key": "promotion.key", "value": wanted[1] if wanted else ""}
        return {"runs": [run for run in found if wanted is None or tag in run["data"]["tags"]]}
