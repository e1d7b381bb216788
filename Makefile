# Everything that developers, the README and CI run. `make help` lists it.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
INSTALLED = $(VENV)/.installed
BASE ?= .venv-base
BASE_INSTALLED = $(BASE)/.installed
CASES = ../shared/cases
SUDO = $(shell test "$$(id -u)" = 0 || echo sudo)
TESTS = -m pytest --numprocesses auto --dist loadfile
CODE = imgsim tests benchmarks examples docs conftest.py

.DEFAULT_GOAL = help
.PHONY: help install system check test test-base test-large cases lint types layers graphs docs bench thresholds office demo clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## set up a virtual environment with imgsim and all extras

$(INSTALLED): setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip  # an old one's launcher spends its first moments on modules
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --config-settings editable_mode=compat --editable '.[all]'
	$(BIN)/python -c 'import cv2' 2>/dev/null || $(MAKE) system
	touch $@

system: ## install the system libraries that OpenCV needs (Debian, Ubuntu)
	$(SUDO) apt-get update -qq
	$(SUDO) apt-get install -y -qq libgl1 libglib2.0-0

check: lint types layers ## all static checks

lint: $(INSTALLED) ## style and complexity
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

types: $(INSTALLED) ## static types
	$(BIN)/mypy

layers: $(INSTALLED) ## the floors: a file imports only from floors below it
	$(BIN)/lint-imports

test: $(INSTALLED) ## the tests; those on real data run where ../shared/data is
	$(BIN)/python $(TESTS)

test-base: $(BASE_INSTALLED) ## the tests where no extra is installed: no torch, no matplotlib, no pyarrow
	$(BASE)/bin/python $(TESTS)

$(BASE_INSTALLED): setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv $(BASE)
	$(BASE)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	$(BASE)/bin/python -c 'import cv2' 2>/dev/null || $(MAKE) system
	touch $@

test-large: $(INSTALLED) ## the tests that take up to 9 GB of memory and some ten minutes
	$(BIN)/python -m pytest -m large tests

cases: $(INSTALLED) ## the scripts in ../shared/cases, each a fault met on real folders
	@PATH="$(abspath $(BIN)):$$PATH" sh tests/cases.sh $(CASES)

graphs: $(INSTALLED) ## write the graphs of EfficientNet-Lite that imgsim ships, without weights
	$(BIN)/python -m imgsim.models.lite_graph

docs: $(INSTALLED) ## write docs/cli.md from the commands' own help
	mkdir -p build
	$(BIN)/python -m docs.reference > build/cli.md
	mv build/cli.md docs/cli.md

bench: $(INSTALLED) ## measure speed side by side with plain code; writes build/bench.json
	$(BIN)/python -m benchmarks

thresholds: $(INSTALLED) ## measure starting values of --max-distance on ../shared/data, as in docs/thresholds.md
	$(BIN)/python -m benchmarks.thresholds ../shared/data

office: $(INSTALLED) ## measure what matching finds in offices made up of ../shared/data, as in docs/matching.md
	$(BIN)/python -m benchmarks.office ../shared/data

demo: $(INSTALLED) ## draw a small shelf of lost things, index it and query it
	$(BIN)/python -m examples.demo build/demo
	$(BIN)/imgsim index build/demo/shelf
	$(BIN)/imgsim query build/demo/claims/*.jpg --index build/demo/shelf -k 4 --grid build/demo/grid.png

clean: ## remove what was built, the virtual environments included
	rm -rf $(VENV) $(BASE) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
