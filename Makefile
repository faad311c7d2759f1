# `make demo` and `make test` are all a fresh machine needs: python3 (3.11 to 3.13), make and pip.
# Another interpreter: make test PYTHON=python3.12
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help demo test torture lint format build command-copy clean

help: ## what each target does
	@sed -n 's/^\([a-z-]*\):.*## /  make \1: /p' Makefile

# The stamps say what is installed: made again when pyproject.toml asks for something else.
.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11 to 3.13 is needed; name one: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	touch $@

.venv/installed: pyproject.toml .venv/made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/installed-for-tests: pyproject.toml .venv/made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch .venv/installed $@

demo: .venv/installed ## a registry with real models, a promotion, a refusal and a rollback, in ./promote-model-demo
	$(BIN)/python promote_model.py --demo

test: lint ## everything: lint, format, types, tests
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

torture: .venv/installed-for-tests ## kills, races and faults for up to 20 minutes; ends with what was counted
	TORTURE=1 timeout --signal=INT 1200 $(BIN)/python -m pytest -n 2 --timeout 600 tests/torture

lint: .venv/installed-for-tests ## ruff and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: .venv/installed-for-tests ## ruff mends and formats
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

build: .venv/installed-for-tests ## the wheel, in dist/
	$(BIN)/python -m build --wheel --no-isolation

command-copy: ## the slash command for those who cloned the repository, made from the plugin's
	mkdir -p .claude/commands
	sed 's/CLAUDE_PLUGIN_ROOT/CLAUDE_PROJECT_DIR/g' commands/promote-model.md > .claude/commands/promote-model.md

clean: ## removes what was made here, the virtual environment too
	rm -rf .venv build dist promote-model-demo .mypy_cache .ruff_cache .hypothesis .ci/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
