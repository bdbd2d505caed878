# One target a job; `make` alone lists them.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := src tests benchmarks

.DEFAULT_GOAL := help
.PHONY: help setup demo test check viewer-types fmt bench bench-book clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*##/\1/p' Makefile | awk '{ t = $$1; $$1 = ""; printf "  make %-10s%s\n", t, $$0 }'

setup: $(READY)  ## make the environment in .venv and install voxclick into it

# PyTorch goes first, at the version whose CPU build pip can choose: installed as a mere dependency,
# the newest one brings several gigabytes of CUDA to machines that have no GPU.
$(READY): pyproject.toml
	@test -n "$(PYTHON)" || { echo "voxclick needs Python 3.11 or newer, found none; install it or run make PYTHON=/path/to/python3"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check torch==2.13.0
	$(BIN)/python -m pip install --disable-pip-version-check -e ".[dev]"
	@touch $(READY)
	@echo "voxclick is ready: .venv/bin/voxclick --help"

DEMO_CLICKS := --name ventricle --point 78,117,93 --point 80,138,88 --negative 98,135,88

demo: $(READY)  ## segment a lateral ventricle of the packaged sample and draw it
	@mkdir -p demo
	$(BIN)/voxclick segment sample -o demo/mask.nii.gz $(DEMO_CLICKS) \
		--preview demo/preview.png --report demo/report.json
	@echo "The mask lies in demo/mask.nii.gz, its picture in demo/preview.png, the figures in demo/report.json"

test: $(READY)  ## run every test
	$(BIN)/pytest -n auto

check: $(READY) viewer-types  ## lint, format, types, layers, house rules
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy --strict
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/test_house_rules.py

# The viewer's JavaScript runs as it stands; Node.js is needed to check its types and for nothing else.
viewer-types:
ifneq ($(shell command -v npm),)
	npm ci --silent --no-audit --no-fund
	npm run --silent check
else ifdef CI
	@echo "the viewer's types are checked with Node.js, found none; run apt-get install nodejs npm"; exit 2
else
	@echo "The viewer's types are not checked: that needs Node.js (apt-get install nodejs npm)"
endif

fmt: $(READY)  ## mend format and imports
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

bench: $(READY)  ## measure seconds and memory, write benchmarks/results/
	$(BIN)/python -m benchmarks

bench-book: $(READY)  ## measure every family on one page; DATA="FOLDER ..." for your own cases
	$(BIN)/python -m benchmarks.book $(DATA)

clean:  ## remove the environment and everything that was made
	rm -rf $(VENV) node_modules demo build dist benchmarks/results .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
