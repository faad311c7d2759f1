"""What is told beside the gates is what scikit-learn draws."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from model_promotion.core.scores import Answers
from model_promotion.evidence.counting import Batch, bin_scores, count, score_bin
from model_promotion.evidence.describing import described
from model_promotion.evidence.tables import PairTables, Question, Task

ROWS = 20_000


def tables() -> tuple[np.ndarray, np.ndarray, PairTables]:
    made = np.random.default_rng(6)
    share = made.beta(1, 3, ROWS)
    truth = (made.random(ROWS) < share).astype(int)
    answers = [Answers(probabilities=np.column_stack([1 - one, one])) for one in (share, np.sqrt(share))]
    batch = Batch(truth, answers[0], answers[1], np.arange(ROWS, dtype=np.uint64))
    return truth, share, count(batch, Question(Task.BINARY, (0, 1)))


def test_the_score_of_a_bin_lies_in_that_bin() -> None:
    scores = bin_scores()
    inside = (scores > 1e-12) & (scores < 1 - 1e-12)
    assert (score_bin(np.column_stack([1 - scores, scores]))[inside] == np.arange(len(scores))[inside]).all()


def test_calibration_is_that_of_scikit_learn_and_tells_who_is_not_calibrated() -> None:
    truth, share, counted = tables()
    told = described(counted)
    positive, mean = calibration_curve(truth, share, n_bins=10)
    ours = told["calibration"]["champion"]
    assert [one.share_positive for one in ours] == pytest.approx(positive, abs=0.03)
    assert [one.mean_score for one in ours] == pytest.approx(mean, abs=0.02)
    assert told["calibration_error"]["champion"] < 0.02
    assert told["calibration_error"]["candidate"] > 0.1


def test_the_first_tenth_finds_the_most_positives() -> None:
    deciles = described(tables()[2])["lift"]["champion"]
    assert len(deciles) == 10
    assert deciles[0].lift > 2
    assert deciles[-1].lift < 1
    assert deciles[-1].found == pytest.approx(1)


def test_models_that_answer_alike_have_no_distance_and_others_have_one() -> None:
    made = np.random.default_rng(7)
    truth = made.integers(0, 3, 1000)
    question = Question(Task.MULTICLASS, ("a", "b", "c"))
    units = np.arange(1000, dtype=np.uint64)
    same, other = Answers(codes=truth.astype(np.int32)), Answers(codes=np.zeros(1000, np.int32))
    alike = described(count(Batch(truth, same, same, units), question))["prediction_drift"]
    assert (alike["jensen_shannon"], alike["agree"]) == (pytest.approx(0), 1.0)
    apart = described(count(Batch(truth, same, other, units), question))["prediction_drift"]
    assert apart["jensen_shannon"] > 0.5
    assert apart["agree"] == pytest.approx(1 / 3, abs=0.05)


def test_of_amounts_nothing_is_told_here() -> None:
    amounts = Answers(numbers=np.arange(50.0))
    batch = Batch(np.arange(50.0), amounts, amounts, np.arange(50, dtype=np.uint64))
    assert described(count(batch, Question(Task.REGRESSION))) == {}
