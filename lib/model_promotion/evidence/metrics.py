"""Metrics as functions of sums, as scikit-learn defines them (sklearn.metrics), over any leading axes.

A sum of nothing divides to 0 for precision, recall and F1 (scikit-learn's zero_division="warn"), and to NaN elsewhere.
Sample weights enter where the sums are made: a sum of weights instead of a count of rows.
"""

import numpy as np

LOG_LOSS_CLIP = float(np.finfo(np.float64).eps)
"""Probabilities are kept this far from 0 and 1, as scikit-learn does for float64."""


def mean(total: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """A weighted mean: accuracy of the rows that were right, MAE, MSE, log loss, Brier score of per-row values."""
    return _divided(total, weight, np.nan)


def rmse(squared: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The root of the mean squared error, in the label's unit."""
    return np.sqrt(mean(squared, weight))


def r2(sums: np.ndarray) -> np.ndarray:
    """The share of the label's variance that is explained.

    Args:
        sums: [..., 4], of the weights, w * y, w * y ** 2, w * squared error. y should be centred near 0 beforehand.
    """
    weight, label, label2, squared = np.moveaxis(np.asarray(sums, dtype=float), -1, 0)
    varied = label2 - _divided(label**2, weight, np.nan)
    return 1 - _divided(squared, np.where(varied > 1e-12 * label2, varied, 0), np.nan)


def precision(tp: np.ndarray, fp: np.ndarray) -> np.ndarray:
    """Of those called positive, the share that is."""
    return _divided(tp, tp + fp, 0.0)


def recall(tp: np.ndarray, fn: np.ndarray) -> np.ndarray:
    """Of the positives, the share that was called so."""
    return _divided(tp, tp + fn, 0.0)


def f1(tp: np.ndarray, fp: np.ndarray, fn: np.ndarray) -> np.ndarray:
    """The harmonic mean of precision and recall."""
    return _divided(2 * tp, 2 * tp + fp + fn, 0.0)


def macro_f1(tp: np.ndarray, fp: np.ndarray, fn: np.ndarray) -> np.ndarray:
    """The mean of the classes' F1, the classes being the last axis; those that nobody saw or called do not count."""
    return _divided(f1(tp, fp, fn).sum(axis=-1), (tp + fp + fn > 0).sum(axis=-1), np.nan)


def confusion(labels: np.ndarray, predictions: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """cells[label, prediction], summed weights; labels and predictions are class numbers from 0."""
    classes = int(max(labels.max(), predictions.max())) + 1
    flat = np.bincount(labels * classes + predictions, weights=weights, minlength=classes**2)
    return flat.reshape(classes, classes)


def rates(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True positives, false positives and false negatives of each class; cells[..., label, prediction]."""
    right = np.diagonal(cells, axis1=-2, axis2=-1)
    return right, cells.sum(axis=-2) - right, cells.sum(axis=-1) - right


def accuracy(cells: np.ndarray) -> np.ndarray:
    """The share that was right."""
    return _divided(np.diagonal(cells, axis1=-2, axis2=-1).sum(axis=-1), cells.sum(axis=(-2, -1)), np.nan)


def mcc(cells: np.ndarray) -> np.ndarray:
    """Matthews' correlation of labels and predictions (Gorodkin 2004 for many classes); 0 where one is constant."""
    cells = np.asarray(cells, dtype=float)
    of_label, of_call, n = cells.sum(axis=-1), cells.sum(axis=-2), cells.sum(axis=(-2, -1))
    together = np.diagonal(cells, axis1=-2, axis2=-1).sum(axis=-1) * n - (of_label * of_call).sum(axis=-1)
    labels, calls = (n**2 - (of**2).sum(axis=-1) for of in (of_label, of_call))
    return _divided(together, np.sqrt(np.maximum(labels * calls, 0)), 0.0)


def roc_auc(counts: np.ndarray) -> np.ndarray:
    """The area under the ROC curve; counts[..., label, score], the scores ascending, equal scores being ties."""
    counts = np.asarray(counts, dtype=float)
    negatives, positives = counts[..., 0, :], counts[..., 1, :]
    in_front = (positives * (np.cumsum(negatives, axis=-1) - negatives / 2)).sum(axis=-1)
    return _divided(in_front, negatives.sum(axis=-1) * positives.sum(axis=-1), np.nan)


def by_score(labels: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """counts[label, distinct score] for roc_auc, exactly; labels are 0 and 1."""
    _, place = np.unique(scores, return_inverse=True)
    width = int(place.max()) + 1
    return np.bincount(labels * width + place, weights=weights, minlength=2 * width).reshape(2, width)


def log_loss_rows(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Per row -log of the probability of its class; labels [n] are class numbers, probabilities [n, classes]."""
    clipped = np.clip(probabilities, LOG_LOSS_CLIP, 1 - LOG_LOSS_CLIP)
    return -np.log(clipped[np.arange(len(labels)), labels] / clipped.sum(axis=1))


def brier_rows(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Per row (label - probability of class 1) ** 2; labels [n] are 0 and 1, probabilities [n]."""
    return (labels - probabilities) ** 2


def f1_reach(tp: float, fp: float, fn: float, row: float = 1.0) -> float:
    """By how much F1 changes at most, per weight that is called otherwise. Times the weight of all it is a `reach`.

    Args:
        tp: the weight of the true positives,
        fp: of the false ones,
        fn: of the false negatives,
        row: of one row, so that where there is nothing yet one row is what can come.
    """
    return 2 / max(2 * tp + fp + fn, row)


def share_reach(called: float, row: float = 1.0) -> float:
    """The same for precision (of tp + fp) and recall (of tp + fn)."""
    return 1 / max(called, row)


def _divided(above: np.ndarray, below: np.ndarray, otherwise: float) -> np.ndarray:
    above, below = np.broadcast_arrays(np.asarray(above, dtype=float), np.asarray(below, dtype=float))
    return np.divide(above, below, out=np.full(above.shape, otherwise), where=below != 0)
