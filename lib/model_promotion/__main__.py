"""`python -m model_promotion`."""

from model_promotion.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
