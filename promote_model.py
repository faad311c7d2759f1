#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = [
#     "mlflow>=3.10,<4",
#     "databricks-sdk>=0.60,<1",
#     "picklescan>=1,<2",
#     "prometheus-client>=0.20,<1",
#     "tabulate>=0.9,<1",
#     "tqdm>=4.66,<5",
# ]
# ///
"""Promote a model version from one alias to the next. `promote_model.py --help` tells the rest."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

_lib = Path(__file__).resolve().parent / "lib"
if (_lib / "model_promotion").is_dir():
    sys.path.insert(0, str(_lib))

import model_promotion  # noqa: E402 - the path comes first
from model_promotion.cli import door  # noqa: E402 - as above

if TYPE_CHECKING:
    from model_promotion import *  # noqa: F403 - what __all__ there says

__all__ = model_promotion.__all__


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute is of any type
    """The names for Python, imported when they are asked for."""
    if name in model_promotion.__all__:
        return getattr(model_promotion, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if __name__ == "__main__":
    door()
