"""What `--list` and `--auto` are measured against: every page of the two searches, and nothing else.

`python benchmarks/fleet_bare.py URI`
"""

import sys

from mlflow import MlflowClient


def main() -> None:
    """Read every registered model and every version."""
    client, read = MlflowClient(sys.argv[1], sys.argv[1]), {}
    for search, most in ((client.search_registered_models, 1000), (client.search_model_versions, 10_000)):
        found, token = [], None
        while True:
            page = search(max_results=most, page_token=token)
            found += list(page)
            token = page.token
            if not token:
                break
        read[search.__name__] = len(found)
    print(read)


if __name__ == "__main__":
    main()
