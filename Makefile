# What a contributor types. Needs git, make and Python 3.11 or later; the rest
# is put into .venv, at the versions named in constraints.txt.

.DEFAULT_GOAL := help
.PHONY: help demo test check lint coverage docs fix bench mutants simulation faults fuzz clean

# The first Python that runs, is new enough, and can make a virtual environment.
# Choose another one with `make PYTHON=...`, after a `make clean`.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
		>/dev/null 2>&1; then echo $$python; break; fi; done)

BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt
# One file's tests stay together, since the blocks of a page build on each other.
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile
SPHINX := $(BIN)/python -m sphinx -n -W --keep-going -q -b html docs

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: .venv/demo ## Watch a small community at work.
	$(BIN)/circlekit demo

test: .venv/dev ## Run the tests, and every example of the README and the docs.
	$(PYTEST)

check: lint coverage ## Everything a change must pass: lint, tests with coverage, docs.
	built=$$(mktemp -d) && trap 'rm -rf "$$built"' EXIT && \
		$(SPHINX) -d "$$built/doctrees" "$$built/html"

lint: .venv/dev ## Check style, types, the direction of imports, and tests' docstrings.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/interrogate tests examples

coverage: .venv/dev ## Run the tests and measure the branches they take.
	$(PYTEST) --cov --cov-report=term

docs: .venv/dev ## Build the docs into docs/_build/html.
	$(SPHINX) docs/_build/html
	@echo "docs/_build/html/index.html"

fix: .venv/dev ## Let ruff repair what it can.
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: .venv/dev ## Measure how fast it is on this machine.
	$(BIN)/python -m benchmarks

mutants: .venv/dev ## Bend the rules one by one and see the machines object.
	$(BIN)/python -m benchmarks.mutants

simulation: .venv/dev ## Run 2,000 seeds of hosts that fail, race and start again.
	$(BIN)/python -m tests.simulation

faults: .venv/dev ## Kill servers, disks and writers for some minutes, and count what is lost.
	$(BIN)/python -m tests.faults --long

fuzz: .venv/dev ## Alter stored events for a minute: never a wrong one is read.
	$(BIN)/python -m tests.fuzz --seconds 60

clean: ## Remove everything that can be made again.
	rm -rf .venv .coverage .coverage.* .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache build dist docs/_build
	find src tests benchmarks docs examples -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# One environment, filled in two steps: the demo needs far less than the tests.
# Each file below is a stamp that says its step is done.

.venv/made:
	@test -n "$(PYTHON)" || { echo 'circlekit needs Python 3.11 or later, with venv.' >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/demo: pyproject.toml constraints.txt | .venv/made
	$(INSTALL) -e '.[cli]'
	@touch $@

.venv/dev: pyproject.toml constraints.txt | .venv/made
	$(INSTALL) -e '.[dev,cli,testing]'
	@touch .venv/demo $@
