from pathlib import Path

from model_promotion.core.trial import Trial, TrialResult
from model_promotion.scoring.memory import MemoryScorer


def test_the_double_answers_what_was_prepared_and_remembers_the_question() -> None:
    prepared = TrialResult("candidate v7", rows=5, predictions=5)
    scorer = MemoryScorer({"candidate v7": prepared})
    trial = Trial("candidate v7", Path("m"))
    assert scorer.run(trial) is prepared
    assert scorer.asked == [trial]


def test_an_unprepared_trial_is_an_error_and_no_silent_pass() -> None:
    assert MemoryScorer().run(Trial("champion v3", Path("m"))).error == "no answer was prepared for this trial"
