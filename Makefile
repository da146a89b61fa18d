# The whole set-up is here: `make demo` to see it, `make test` to check it.
# Needs python3 (3.11 or later), git and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check
# A small workspace with real tables, for the tests that open whole pages; made once.
SMALL := $(VENV)/small-demo

# What is installed is compiled at its first use, and that is kept: else every process compiles it again.
unexport PYTHONDONTWRITEBYTECODE

# A test file stays with one worker: what its tests share is made once. The long ones begin (tests/conftest.py).
SPREAD := --dist loadfile --no-loadscope-reorder
NBVAL := --nbval-lax --nbval-cell-timeout 300

.PHONY: demo test setup lint types tests unit notebooks browser lab serve bench lock clean

demo: setup
	@$(BIN)/echannel demo
	@$(BIN)/echannel sync demo
	@$(BIN)/echannel run demo
	@echo
	@echo "Reports / rapports:              $(CURDIR)/reports/demo/index.html"
	@echo "Dashboards / tableaux de bord:   make serve"

# What runs on one core goes beside what knows how to use both.
test: setup
	@$(MAKE) --jobs 2 lint types tests
	@echo
	@echo "All is well."

setup: $(SETUP)

$(SETUP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "On Debian: apt-get install python3-venv"; exit 1; }
	@sed -n '/^pip==/,/[^\\]$$/p' requirements.lock > $(VENV)/pip.lock
	$(PIP) install --quiet --no-compile --require-hashes -r $(VENV)/pip.lock
	$(PIP) install --quiet --progress-bar on --no-compile --no-deps --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

# One run for all: where one worker waits for a server or a page, another computes.
tests: $(SMALL)/finished
	ECHANNEL_SMALL_DEMO=$(CURDIR)/$(SMALL) $(BIN)/pytest -n 3 $(SPREAD) $(NBVAL) --durations 25 tests $(SMALL)/filled

unit: $(SMALL)/finished
	ECHANNEL_SMALL_DEMO=$(CURDIR)/$(SMALL) $(BIN)/pytest -n 2 $(SPREAD) -m "not browser" --durations 15 tests

# Every notebook runs from top to bottom for a British and a French firm; outputs are not compared.
notebooks: $(SMALL)/finished
	$(BIN)/pytest -n 2 $(SPREAD) $(NBVAL) -q $(SMALL)/filled

browser: $(SMALL)/finished
	ECHANNEL_SMALL_DEMO=$(CURDIR)/$(SMALL) $(BIN)/pytest -n 3 $(SPREAD) -m browser --durations 10 tests/browser

$(SMALL)/finished: $(SETUP) tests/small_demo.py $(wildcard notebooks/*.ipynb parameters/smes/*.yml echannel/demo/*.py echannel/*.py echannel/connectors/files/*.py)
	@rm -rf $(SMALL)
	$(BIN)/python tests/small_demo.py $(SMALL)

lab: setup
	$(BIN)/jupyter lab notebooks/launcher.ipynb

serve: setup
	@$(BIN)/echannel serve

bench: $(SMALL)/finished
	$(BIN)/python -m benchmarks.metrics
	ECHANNEL_ROOT=$(CURDIR)/$(SMALL) $(BIN)/python -m benchmarks.batch small
	ECHANNEL_ROOT=$(CURDIR)/$(SMALL) $(BIN)/python -m benchmarks.serving kent-gifts
	ECHANNEL_ROOT=$(CURDIR)/$(SMALL) $(BIN)/python -m benchmarks.scale small growth audit
	$(BIN)/python -m benchmarks.sync

# Chooses versions anew and writes their hashes; needs uv, the rest of this file does not.
lock:
	uv pip compile pyproject.toml --extra dev --universal --generate-hashes \
	  --no-header --no-annotate --upgrade --output-file requirements.lock

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache
