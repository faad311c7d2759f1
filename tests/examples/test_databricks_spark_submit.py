"""The job for `databricks jobs submit` is JSON, and what it types is a call that this program takes."""

import json
from pathlib import Path

from model_promotion.core.request import Mode
from model_promotion.options import parser

EXAMPLE = Path(__file__).parents[2] / "examples" / "databricks-spark-submit.json"


def test_the_submitted_job_types_a_call_that_the_command_takes() -> None:
    task = json.loads(EXAMPLE.read_text())["tasks"][0]
    read = parser("promote").parse_intermixed_args(task["spark_python_task"]["parameters"])
    assert (read.engine, read.eval_data, read.mode) == ("spark", "main.shop.sales", Mode.CHECK)
    assert Path(task["spark_python_task"]["python_file"]).name == "promote_model.py"
    assert task["max_retries"] == 0, "what was refused once is refused again"
