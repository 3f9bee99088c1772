# The two commands of a newcomer: `make demo` and `make test`. They need Python 3.11 to 3.13 and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo serve test lint clean

demo: $(VENV)/.installed
	$(BIN)/coach run evals/datasets/demo_calls/calls --data demo-data --final
	@echo
	@echo "See the calls:  $(BIN)/coach serve --data demo-data"
	@echo "Ask them:       $(BIN)/coach ask 'Why do customers leave?' --data demo-data"

serve: $(VENV)/.installed
	$(BIN)/coach serve --data demo-data

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -q

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt setup.py ingest/kernels/cpu.cpp | $(VENV)/bin/python
	$(INSTALL) --editable '.[weights]'
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt setup.py ingest/kernels/cpu.cpp | $(VENV)/bin/python
	$(INSTALL) --editable '.[dev]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) demo-data build *.egg-info
