"""The script that this tool replaces: two reads, two alias sets, and hope. The baseline of benchmarks/process.py."""

import sys

import mlflow

client = mlflow.MlflowClient()
model = sys.argv[1]
candidate = client.get_model_version_by_alias(model, "staging")
champion = client.get_model_version_by_alias(model, "champion")
client.set_registered_model_alias(model, "prev_champion", champion.version)
client.set_registered_model_alias(model, "champion", candidate.version)
