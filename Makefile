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

# Two processes, each test file in one of them; more would crowd out the runs that tests start. A thread each for sums.
test: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile

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
