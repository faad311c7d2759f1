"""What foreign code gets to know of us."""

from model_promotion.core.environment import harmless


def test_places_and_threads_are_passed_on_and_nothing_else() -> None:
    ours = {"PATH": "/bin", "LC_ALL": "C", "OMP_NUM_THREADS": "1", "DATABRICKS_TOKEN": "x", "AWS_SECRET_KEY": "y"}
    assert harmless(ours) == {"PATH": "/bin", "LC_ALL": "C", "OMP_NUM_THREADS": "1"}
