# Needs Python 3.11 or newer and make; everything else is installed into .venv, at the versions of constraints.txt.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test slow lint coverage bench campaign chaos gallery mutants site release constraints clean

# The first of these that is new enough; `make PYTHON=/path/to/python3.12 …` names another.
PYTHON ?= $(or $(firstword $(foreach candidate,python3 python3.13 python3.12 python3.11 python3.14 python, \
	$(shell $(candidate) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(candidate)))),python3)
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt --editable
TO_RUN := $(VENV)/installed-to-run
TO_TEST := $(VENV)/installed-to-test

help: ## List what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: $(TO_RUN) ## Show a refused message, its explanation, and two clients judged
	@$(BIN)/dayfly demo

PYTEST = pytest --numprocesses $(WORKERS) --dist worksteal

test: $(TO_TEST) ## Run the tests that are quick, or with ALL=1 every test; ARGS="…" goes to pytest
	@$(BIN)/python -m $(PYTEST) $(if $(ALL),,--quick) $(ARGS)

slow: $(TO_TEST) ## Run the tests that "make test" leaves out
	@$(BIN)/python -m $(PYTEST) -m slow $(ARGS)

lint: $(TO_TEST) ## Check style, types and imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

coverage: $(TO_TEST) ## Measure which branches the tests take
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m $(PYTEST) $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

bench: $(TO_TEST) ## Measure speed and memory beside a plain node:http handler
	@$(BIN)/python -m tests.benchmarks $(ARGS)

chaos: $(TO_TEST) ## Race for sessions while servers and their store fail; ARGS="--scale 20" is shorter
	@$(BIN)/python -m tests.chaos $(ARGS)

mutants: $(TO_TEST) ## Make mistakes in the mock, and tell who catches them
	@$(BIN)/python -m tests.mutants $(ARGS)

gallery: $(TO_TEST) ## Verify every client of the gallery with 20 seeds; ARGS="--seeds 2 culprits_wire"
	@$(BIN)/python -m tests.gallery $(ARGS)

campaign: $(TO_TEST) ## Put public clients before the platforms that ship; ARGS="--seeds 3 mcp"
	@$(BIN)/python -m tests.campaign $(ARGS)

site: $(TO_TEST) ## Build the documentation's site into build/site
	@$(BIN)/python -m tests.site $(ARGS)

# The interpreters on which a release is tried; one that is not here is named and left out.
PYTHONS ?= python3.11 python3.12 python3.13 python3.14

release: $(TO_TEST) ## Build the distribution into dist, check it, and try it on each of PYTHONS
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(BIN)/python -m pytest --quiet tests/functional/test_wheel.py
	@for python in $(PYTHONS); do \
		$$python -c '' 2>/dev/null || { echo "$$python: not here, not tried"; continue; }; \
		rm -rf build/release && $$python -m venv build/release && \
		build/release/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: dist/*.whl && \
		build/release/bin/dayfly --version && build/release/bin/dayfly demo >build/demo.txt && \
		echo "$$python: installed without a compiler, and the demonstration works" || exit 1; \
	done
	@echo "dist is ready. Nothing is signed or uploaded: that is for the account which publishes it."

constraints: ## Pin anew what an unconstrained installation brings
	rm -rf build/constraints
	$(PYTHON) -m venv build/constraints
	build/constraints/bin/python -m pip install --quiet --disable-pip-version-check '.[sdk,test]'
	{ sed '/^[^#]/,$$d' constraints.txt; build/constraints/bin/python -m pip freeze --exclude dayfly; } > build/constraints.txt
	mv build/constraints.txt constraints.txt

clean: ## Remove all that was made
	rm -rf $(VENV) .cache build dist .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("make needs Python 3.11 or newer: make PYTHON=..." if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv --clear $(VENV)

$(TO_RUN): $(BIN)/python pyproject.toml constraints.txt
	@$(INSTALL) .
	@touch $@

$(TO_TEST): $(BIN)/python pyproject.toml constraints.txt
	@$(INSTALL) '.[test]'
	@touch $@
