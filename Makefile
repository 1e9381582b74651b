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
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/vulture

$(READY): pyproject.toml constraints.txt
	@echo 'Installing into $(VENV): about 2 GB, some minutes the first time.'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[demo,dev,reader]'
	touch $@

# Resolves the ranges of pyproject.toml afresh, in an environment of its own, and pins what came out. The
# build of torch (its "+cpu", "+cu130") is left out: it is the index's to offer and the machine's to choose.
constraints: FRESH := build/constraints
constraints:
	$(PYTHON) -m venv --clear $(FRESH)
	$(FRESH)/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0 --editable '.[demo,dev,reader]'
	echo '# Everything that gets installed, pinned. To refresh: make constraints' > constraints.txt
	$(FRESH)/bin/python -m pip freeze --exclude-editable | sed 's/+.*//' >> constraints.txt
	rm -rf $(FRESH)

clean:
	rm -rf $(VENV) build *.egg-info
