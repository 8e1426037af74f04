# What a person types. Each target makes what it needs; stamps let the second run start in seconds.
# It needs Python 3.11+, Node 20.19+ and make; everything else is installed below .venv/ and pwa/node_modules/.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
NPM := npm --prefix pwa
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --custom-compile-command "make lock"

RUNTIME := .venv/.runtime
TOOLS := .venv/.tools
BROWSERS := .venv/.browsers
MODULES := pwa/node_modules/.installed
DIST := pwa/dist/.built
PWA := $(shell find pwa \( -name node_modules -o -name dist -o -name pictures \) -prune -o -type f -print 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help run test bench chaos check format lock build install protocol clean

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: build ## start the demo on http://127.0.0.1:8000
	@$(BIN)/ronda demo

test: $(TOOLS) $(BROWSERS) build ## run every test, on SQLite, PostgreSQL, Chromium and Firefox
	$(BIN)/python -m pytest
	$(NPM) run --silent test

bench: $(TOOLS) ## measure speed and cost; ONLY=exchange for one part, SHORT=1 to see that it works
	@$(BIN)/python -W "ignore:XDG_RUNTIME_DIR is not set" -m tests.bench

chaos: $(TOOLS) $(BROWSERS) build ## kill, cut and fill up for 15 minutes, or SECONDS=60, and count what was lost
	@$(BIN)/python -W "ignore:XDG_RUNTIME_DIR is not set" -m tests.chaos $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

check: $(TOOLS) $(MODULES) ## formatting, lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(NPM) run --silent lint
	$(NPM) run --silent check

format: $(TOOLS) $(MODULES) ## format the sources and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(NPM) run --silent format

build: $(RUNTIME) $(DIST) ## install what the server needs and build the three apps

install: $(RUNTIME) ## install what the server needs

protocol: $(RUNTIME) ## write the types of the wire for the apps, from the server's structs
	$(BIN)/ronda protocol

lock: $(TOOLS) ## resolve the dependencies of Python anew
	$(LOCK) --upgrade --group build pyproject.toml --output-file requirements.lock
	$(LOCK) --upgrade --group dev --constraints requirements.lock --output-file tests/requirements.lock

clean: ## remove all that was made, but keep the data in var/
	rm -rf .venv pwa/node_modules pwa/dist *.egg-info .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find server sync tests -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Ronda needs Python 3.11 or newer. Name one: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "Python could not make its environment. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

# setuptools comes first and from the lock as well, so that nothing unlocked runs when a package is built.
$(RUNTIME): requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing the server's packages (once, about a minute) ..."
	@awk '/^setuptools==/ { on = 1 } on { print } on && !/\\$$/ { exit }' requirements.lock > .venv/setuptools.lock
	@$(PIP) install --quiet --require-hashes -r .venv/setuptools.lock
	@$(PIP) install --quiet --require-hashes --no-build-isolation -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(TOOLS): tests/requirements.lock $(RUNTIME)
	@echo "Installing the tools of the tests (once) ..."
	@$(PIP) install --quiet --require-hashes --no-build-isolation -r tests/requirements.lock
	@touch $@

$(BROWSERS): tests/browsers.py $(TOOLS)
	@$(BIN)/python -m tests.browsers
	@touch $@

$(MODULES): pwa/package.json pwa/package-lock.json
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' || { \
		echo "Ronda needs Node 20.19 or newer on the PATH."; exit 1; }
	@echo "Installing the packages of the apps (once) ..."
	@$(NPM) ci --silent --no-audit --no-fund
	@touch $@

$(DIST): $(MODULES) $(PWA)
	@echo "Building the three apps ..."
	@$(NPM) run --silent build
	@touch $@
