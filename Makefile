# Two commands do everything on a fresh machine: `make run` and `make test`.

VENV ?= .venv
BIN := $(VENV)/bin
PHOTO ?= resources/samples
OUT ?= out
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

# The interpreter for the environment: the first of these that is 3.11 or newer.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

.DEFAULT_GOAL := help
.PHONY: help env env-dev system readers run test check lint format types layers build selftest clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

system: ## install the system libraries that Qt needs, where they are missing
	@bash .ci/system-packages

readers: ## install the programs that the tests read files with, where they are missing
	@bash .ci/system-packages readers

env: $(VENV)/.installed ## create the environment and install himapp

env-dev: $(VENV)/.installed-dev ## the environment with the tools for tests and training

# The window shows one photo; without a display the same job is done for all the samples.
WINDOW_PHOTO = $(if $(wildcard $(PHOTO)/group-of-four.jpg),$(PHOTO)/group-of-four.jpg,$(PHOTO))

run: system env ## open the window on a sample or PHOTO=path; without a display write files to OUT=out
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname -s)" != Linux ]; then \
	  $(BIN)/himapp "$(WINDOW_PHOTO)"; \
	else \
	  $(BIN)/himapp matte "$(PHOTO)" --out "$(OUT)" --cutouts && \
	  echo "There is no display for the window: mattes and cut-outs lie in $(abspath $(OUT))"; \
	fi

test: system readers env-dev ## run all tests
	OMP_NUM_THREADS=2 OMP_WAIT_POLICY=PASSIVE QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest tests -q

check: system env-dev lint types layers test ## everything that continuous integration runs

lint: env-dev ## formatting and lint rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: env-dev ## static types
	$(BIN)/mypy

layers: env-dev ## who may import whom
	$(BIN)/lint-imports

format: env-dev ## format the code and mend what lint can mend by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

build: system $(VENV)/.installed-freeze ## freeze the program into dist/himapp and print its size by part
	$(BIN)/pyinstaller --noconfirm --log-level WARN build.spec

# Where the system lets anyone do so, the frozen program gets no network at all.
selftest: ## try every part of the frozen program without network
	@test -x dist/himapp/himapp || { echo "There is no frozen program yet: make build"; exit 1; }
	$(shell unshare -rn true 2>/dev/null && echo unshare -rn) dist/himapp/himapp selftest

clean: ## remove the environment, the frozen program and the caches
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(VENV)/bin/python: | system
	@test -n "$(PYTHON)" || { echo "himapp needs Python 3.11 or newer"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# himapp itself is installed without dependencies: the lock has brought them.
$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install -r requirements.lock "$$(grep '^setuptools==' requirements-dev.lock)"
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(PIP) install -r requirements-dev.lock
	@touch $@

$(VENV)/.installed-freeze: requirements-freeze.lock $(VENV)/.installed
	$(PIP) install -r requirements-freeze.lock
	@touch $@
