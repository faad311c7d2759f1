"""What Spark's workers get from us, so that neither we nor the team's own metrics need to be installed there."""

from __future__ import annotations

import sys
from importlib.metadata import packages_distributions
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

US = __name__.partition(".")[0]


def sent_by_value(losses: Mapping[str, Callable[[Any, Any], Any]]) -> None:
    """Our code, and the modules of these functions that come with no package, travel as what they are.

    A package that is installed here, as scikit-learn, is taken from where it is installed there.
    """
    from pyspark import cloudpickle

    theirs = {loss.__module__.partition(".")[0] for loss in losses.values()} - set(packages_distributions())
    for name in (US, *sorted(theirs)):
        cloudpickle.register_pickle_by_value(sys.modules[name])
