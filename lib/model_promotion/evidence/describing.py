"""What tables tell beside the gates: how far the two models' answers lie apart, and what their probabilities mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from model_promotion.evidence import distances
from model_promotion.evidence.counting import USUAL_EDGES, bin_scores
from model_promotion.evidence.curves import calibration, calibration_error, lift

if TYPE_CHECKING:
    from model_promotion.evidence.tables import PairTables

VERSIONS = ("champion", "candidate")


def described(tables: PairTables) -> dict[str, Any]:
    """For the record and the report: prediction drift, and of probabilities of two classes calibration and lift."""
    told = prediction_drift(tables)
    scores = None if tables.joint is None else [tables.joint.sum(axis=2), tables.joint.sum(axis=1)]
    if scores is None:
        return told
    edges = tables.score_edges or (USUAL_EDGES, USUAL_EDGES)
    curves = [calibration(counts, bin_scores(edge)) for counts, edge in zip(scores, edges, strict=True)]
    return told | {
        "calibration": dict(zip(VERSIONS, curves, strict=True)),
        "calibration_error": dict(zip(VERSIONS, map(calibration_error, curves), strict=True)),
        "lift": dict(zip(VERSIONS, map(lift, scores), strict=True)),
    }


def prediction_drift(tables: PairTables) -> dict[str, Any]:
    """How differently the two models answer the same rows: the distance of the shares of their classes.

    Empty for amounts, and for more classes than are told apart.
    """
    if tables.cells is None or tables.cells.ndim != 3:  # noqa: PLR2004 - truth, champion, candidate
        return {}
    before, now = tables.cells.sum(axis=(0, 2)), tables.cells.sum(axis=(0, 1))
    own = np.arange(len(before))
    agreed = int(tables.cells[:, own, own].sum())
    return {
        "prediction_drift": {
            "psi": float(distances.psi(before, now)),
            "jensen_shannon": float(distances.jensen_shannon(before, now)),
            "agree": agreed / tables.rows if tables.rows else None,
        }
    }
