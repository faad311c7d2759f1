"""A step of a pipeline: runs the job that a file describes. `python promotion_job.py promotion_job.yaml`

promote-model must be installed. When the promotion is refused this ends with an error, because the file asks for that
(`raise_on_refusal`), and so the step fails.
"""

import sys

from model_promotion.jobs import load


def main(path: str) -> None:
    """Run it between the start and the stop of its services."""
    with load(path) as job:
        found = job.run()
    print(f"{found['model']} version {found['version']}: {found['outcome'].summary}")


if __name__ == "__main__":
    main(sys.argv[1])
