# Two commands: `make demo` and `make test`. Both make .venv on first use and reuse it after.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed

.PHONY: demo test lint constraints clean
.DELETE_ON_ERROR:

demo: $(READY)
	$(BIN)/footnote demo

test: $(READY)
	$(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[demo,dev]'
	touch $@

# Resolves the ranges of pyproject.toml afresh and pins what came out. torch stays where it is pinned by hand.
constraints:
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --upgrade --upgrade-strategy eager --constraint .torch-pin --editable '.[demo,dev]'

clean:
	rm -rf $(VENV) build *.egg-info
