"""Runs a model on a few rows, in a process of its own, and says what came back."""
