"""Has the model's Databricks deployment job passed this version?"""

from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.witness import Witness

TOPIC = "Deployment job"
WEIGHT = Weight.BLOCKS


def ask(witness: Witness) -> Finding | None:
    """Where the model has a deployment job: did its run for the candidate succeed?"""
    job_id, candidate = witness.plan.seen.deployment_job_id, witness.plan.candidate
    if not job_id:
        return None
    state = candidate.deployment_job
    if state is None or state.run_state in ("", "DEPLOYMENT_JOB_RUN_STATE_UNSPECIFIED"):
        return Finding(Verdict.UNKNOWN, f"job {job_id} says nothing about {candidate.label}", {"job_id": job_id})
    facts = {"job_id": state.job_id, "run_state": state.run_state, "task": state.task}
    if state.run_state == "SUCCEEDED":
        return Finding(
            Verdict.PASSED, f"job {state.job_id} succeeded for {candidate.label}; it may move aliases", facts
        )
    at = f" at {state.task}" if state.task else ""
    return Finding(
        Verdict.FAILED,
        f"job {state.job_id} is {state.run_state}{at} for {candidate.label}",
        facts,
        hint="let the deployment job finish, or approve it there",
    )
