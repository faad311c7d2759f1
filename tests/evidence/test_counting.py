"""What is counted is what scikit-learn would say about the same rows, however they are cut into batches."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from model_promotion.core.errors import BadCall
from model_promotion.core.scores import ABSENT, OTHER, Answers
from model_promotion.evidence.counting import Batch, bucket_of, count, score_bin, score_edges
from model_promotion.evidence.metrics import roc_auc
from model_promotion.evidence.tables import BUCKETS, PairTables, Question, Task

ROWS = 3000
NAN = float("nan")
BINARY = Question(Task.BINARY, (0, 1))
THREE = Question(Task.MULTICLASS, ("cat", "dog", "fox"))
AMOUNT = Question(Task.REGRESSION, centre=1.0, span=8.0)


def rng() -> Any:
    return np.random.default_rng(7)


def labels(classes: int) -> tuple[Any, Answers, Answers]:
    made = rng()
    truth = made.integers(0, classes, ROWS)
    wrong = [np.where(made.random(ROWS) < share, made.integers(0, classes, ROWS), truth) for share in (0.2, 0.3)]
    champion, candidate = (Answers(codes=one.astype(np.int32)) for one in wrong)
    return truth, champion, candidate


def shares() -> tuple[Any, Answers, Answers]:
    made = rng()
    truth = made.integers(0, 2, ROWS)
    both = [1 / (1 + np.exp(-(2 * truth - 1 + made.normal(0, noise, ROWS)))) for noise in (1, 2)]
    champion, candidate = (Answers(probabilities=np.column_stack([1 - one, one])) for one in both)
    return truth, champion, candidate


def amounts() -> tuple[Any, Answers, Answers]:
    made = rng()
    truth = made.normal(0, 2, ROWS)
    champion, candidate = (Answers(numbers=truth + made.normal(0, noise, ROWS)) for noise in (0.1, 0.2))
    return truth, champion, candidate


def batch(truth: Any, champion: Answers, candidate: Answers, weights: Any = None) -> Batch:
    return Batch(truth, champion, candidate, np.arange(len(truth), dtype=np.uint64), weights)


def part(whole: Batch, which: slice) -> Batch:
    def cut(one: Any) -> Any:
        return None if one is None else one[which]

    answers = [
        Answers(*map(cut, (one.codes, one.probabilities, one.numbers))) for one in (whole.champion, whole.candidate)
    ]
    return Batch(whole.truth[which], answers[0], answers[1], whole.units[which], cut(whole.weights))


def same(ours: PairTables, theirs: PairTables) -> bool:
    names = ("cells", "joint", "bucket_rows", "bucket_sums", "bucket_scores")
    arrays = [(getattr(ours, name), getattr(theirs, name)) for name in names]
    counts = ("rows", "unlabelled", "unanswered", "sums")
    return all(a is b is None or np.allclose(a, b, rtol=1e-12) for a, b in arrays) and all(
        getattr(ours, name) == getattr(theirs, name) for name in counts
    )


@pytest.mark.parametrize(
    ("question", "rows"),
    [(BINARY, labels(2)), (THREE, labels(3)), (BINARY, shares()), (AMOUNT, amounts())],
    ids=["labels", "three labels", "probabilities", "amounts"],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_tables_of_batches_add_up_to_the_tables_of_all_rows(question: Question, rows: Any, weighted: bool) -> None:
    question = replace(question, weighted=weighted)
    whole = batch(*rows, rng().random(ROWS) if weighted else None)
    pieces = [count(part(whole, slice(at, at + 700)), question) for at in range(0, ROWS, 700)]
    added = pieces[0]
    for piece in pieces[1:]:
        added = added + piece
    assert same(added, count(whole, question))


@pytest.mark.parametrize("classes", [2, 3])
def test_cells_tell_what_the_confusion_matrices_tell(classes: int) -> None:
    truth, champion, candidate = labels(classes)
    tables = count(batch(truth, champion, candidate), (BINARY, THREE)[classes - 2])
    assert (tables.cells.sum(axis=2)[:, :classes] == metrics.confusion_matrix(truth, champion.codes)).all()
    assert (tables.cells.sum(axis=1)[:, :classes] == metrics.confusion_matrix(truth, candidate.codes)).all()


@pytest.mark.parametrize("weights", [None, rng().random(ROWS)], ids=["plain", "weighted"])
def test_sums_give_the_metrics_of_scikit_learn(weights: Any) -> None:
    truth, champion, candidate = shares()
    tables = count(
        batch(truth, champion, candidate, weights), Question(Task.BINARY, (0, 1), weighted=weights is not None)
    )
    weight = tables.total("weight")[1]
    p = candidate.probabilities
    near = {"abs": 1e-6}
    right = metrics.accuracy_score(truth, p[:, 1] >= 0.5, sample_weight=weights)
    assert tables.total("right")[1] / weight == pytest.approx(right, **near)
    loss = metrics.log_loss(truth, p, sample_weight=weights)
    assert tables.total("log_loss")[1] / weight == pytest.approx(loss, **near)
    brier = metrics.brier_score_loss(truth, p[:, 1], sample_weight=weights)
    assert tables.total("brier")[1] / weight == pytest.approx(brier, **near)
    f1 = metrics.f1_score(truth, p[:, 1] >= 0.5, sample_weight=weights)
    hit, here, said = (tables.total(f"{name}:1")[1] for name in ("hit", "is", "said"))
    assert 2 * hit / (here + said) == pytest.approx(f1, **near)


@pytest.mark.parametrize("far", [0.0, 1e6, 1e12])
def test_amounts_are_told_as_scikit_learn_tells_them_however_far_they_lie_from_0(far: float) -> None:
    truth, champion, candidate = amounts()
    champion, candidate = (Answers(numbers=one.numbers + far) for one in (champion, candidate))
    tables = count(batch(truth + far, champion, candidate), AMOUNT)
    absolute, squared = (tables.total(name)[0] for name in ("absolute_error", "squared_error"))
    assert absolute / ROWS == pytest.approx(metrics.mean_absolute_error(truth + far, champion.numbers), rel=1e-9)
    assert squared / ROWS == pytest.approx(metrics.mean_squared_error(truth + far, champion.numbers), rel=1e-9)


def test_joint_scores_give_the_area_under_the_curve_of_scikit_learn() -> None:
    truth, champion, candidate = shares()
    joint = count(batch(truth, champion, candidate), BINARY).joint
    positive, negative = joint[1].sum(axis=0), joint[0].sum(axis=0)
    below = np.concatenate([[0], np.cumsum(negative)[:-1]])
    area = (positive * (below + negative / 2)).sum() / positive.sum() / negative.sum()
    assert area == pytest.approx(metrics.roc_auc_score(truth, candidate.probabilities[:, 1]), abs=2e-4)


def test_a_row_without_truth_or_answer_is_counted_as_such_and_nowhere_else() -> None:
    champion = Answers(codes=np.array([0, ABSENT, 1, 1], np.int32))
    candidate = Answers(codes=np.array([0, 0, ABSENT, OTHER], np.int32))
    tables = count(batch(np.array([-1, 0, 1, 1]), champion, candidate), BINARY)
    assert (tables.rows, tables.unlabelled, tables.unanswered) == (1, 1, (1, 1))
    assert tables.cells[1, 1, 2] == 1, "an answer that is no class is an answer, and wrong"
    assert tables.cells.sum() == tables.bucket_rows.sum() == 1


def test_nan_and_infinity_are_no_answers() -> None:
    champion = Answers(numbers=np.array([1.0, NAN, 3.0, 4.0]))
    candidate = Answers(numbers=np.array([1.0, 2.0, np.inf, 4.0]))
    tables = count(batch(np.array([1.0, 2.0, 3.0, NAN]), champion, candidate), AMOUNT)
    assert (tables.rows, tables.unlabelled, tables.unanswered) == (1, 1, (1, 1))
    odd = Answers(probabilities=np.array([[0.2, 0.8], [NAN, NAN]]))
    assert count(batch(np.array([1, 1]), odd, odd), BINARY).unanswered == (1, 1)


def test_an_absurd_prediction_makes_the_sum_no_number_rather_than_a_small_one() -> None:
    wild, tame = Answers(numbers=np.array([1e300, 1.0])), Answers(numbers=np.array([1.0, 1.0]))
    tables = count(batch(np.ones(2), tame, wild), AMOUNT)
    assert tables.total("squared_error") == (0.0, np.inf)


def test_edges_fitted_to_the_scores_tell_apart_what_lies_close_together() -> None:
    made = rng()
    truth = made.integers(0, 2, ROWS)
    near = 0.5 + 1e-6 * (truth + made.normal(0, 1, ROWS))
    answers = Answers(probabilities=np.column_stack([1 - near, near]))
    fitted = replace(BINARY, score_edges=(score_edges(answers.probabilities),) * 2)
    joint = count(batch(truth, answers, answers), fitted).joint
    assert roc_auc(joint.sum(axis=1)) == pytest.approx(metrics.roc_auc_score(truth, near), abs=2e-4)
    assert roc_auc(count(batch(truth, answers, answers), BINARY).joint.sum(axis=1)) < 0.7


def test_rows_of_no_weight_are_no_evidence() -> None:
    truth, champion, candidate = labels(2)
    weights = np.zeros(ROWS)
    weights[:20] = 1.0
    tables = count(batch(truth, champion, candidate, weights), replace(BINARY, weighted=True))
    assert tables.rows == tables.bucket_rows.sum() == 20


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (lambda *_: 1 / 0, "failed: ZeroDivisionError"),
        (lambda *_: 0.5, "answered"),
        (lambda *_: "much", "failed: ValueError"),
    ],
)
def test_a_metric_of_the_team_that_is_none_is_said_to_be_so(loss: Any, said: str) -> None:
    truth, champion, candidate = labels(2)
    with pytest.raises(BadCall, match=f"the metric cost {said}"):
        count(batch(truth, champion, candidate), replace(BINARY, losses={"cost": loss}))


def test_rows_of_one_unit_share_a_bucket_and_units_spread() -> None:
    units = np.repeat(np.arange(20_000, dtype=np.uint64), 2)
    buckets = bucket_of(units)
    assert (buckets[::2] == buckets[1::2]).all()
    filled = np.bincount(buckets, minlength=BUCKETS)
    assert filled.min() > 0
    assert filled.max() < 3 * filled.mean()


def test_scores_of_a_rare_class_do_not_share_one_bin() -> None:
    rare = np.linspace(0.0001, 0.02, 500)
    assert len(set(score_bin(np.column_stack([1 - rare, rare])))) > 20


def test_scores_of_a_model_that_is_sure_of_everything_keep_their_order() -> None:
    sure = 10.0 ** -np.arange(1, 200, 10)
    ends = score_bin(np.column_stack([sure, 1 - sure])), score_bin(np.column_stack([1 - sure, sure]))
    assert len(set(ends[0])) == len(set(ends[1])) == len(sure)
    assert (np.diff(ends[0]) > 0).all()
    assert score_bin(np.array([[1.0, 0.0], [0.0, 1.0]])).tolist() == [2, 509]


def test_a_metric_of_the_team_is_asked_in_the_words_of_the_data() -> None:
    asked = []

    def cost(truth: Any, prediction: Any) -> Any:
        asked.extend(zip(truth, prediction, strict=True))
        return np.where(truth == prediction, 0.0, 5.0)

    question = Question(Task.MULTICLASS, ("cat", "dog", "fox"), losses={"cost": cost})
    answers = Answers(codes=np.array([0, OTHER], np.int32))
    tables = count(batch(np.array([0, 2]), answers, answers), question)
    assert asked[:2] == [("cat", "cat"), ("fox", None)]
    assert tables.total("cost") == (5.0, 5.0)


def test_weights_count_rows_as_parts() -> None:
    truth, champion, candidate = shares()
    question = Question(Task.BINARY, (0, 1), weighted=True)
    tables = count(batch(truth, champion, candidate, np.full(ROWS, 0.25)), question)
    assert tables.joint is None
    assert tables.bucket_scores.sum() == 2 * ROWS / 4
    assert tables.total("weight") == (ROWS / 4, ROWS / 4)


def test_tables_of_different_questions_do_not_add_up() -> None:
    one, other = count(batch(*labels(2)), BINARY), count(batch(*amounts()), AMOUNT)
    with pytest.raises(ValueError, match="do not add up"):
        _ = one + other


@pytest.mark.parametrize("weights", [None, np.full(400, 0.5)])
def test_answers_that_are_no_class_are_counted_also_where_classes_are_too_many_to_tell_apart(weights: Any) -> None:
    truth = np.arange(400) % 40
    champion, candidate = truth.astype(np.int32), np.where(truth < 30, OTHER, truth).astype(np.int32)
    batch = Batch(truth, Answers(codes=champion), Answers(codes=candidate), np.arange(400, dtype=np.uint64), weights)
    question = Question(Task.MULTICLASS, tuple(range(40)), weighted=weights is not None)
    assert count(batch, question).foreign == (0.0, 0.75)
