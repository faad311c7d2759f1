"""A Python that has mlflow imported already, for tests in which starting one is not what is tested."""
