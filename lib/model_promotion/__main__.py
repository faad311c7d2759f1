"""`python -m model_promotion`."""

from model_promotion.cli import door

if __name__ == "__main__":
    door()
