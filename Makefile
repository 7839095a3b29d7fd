# Two commands are enough: `make run` and `make test`. They set up what is missing first.

PYTHON ?= python3
BIN := .venv/bin
REQUIREMENTS := requirements.txt requirements-dev.txt vendor/dlib/pyproject.toml
# Does what `pip install` does in a third of the time.
UV := uv==0.13.9
AXE_VERSION := 4.14.1
AXE := var/tools/axe.min.js
CSS_IN := static/css/input.css
CSS_OUT := static/css/app.css
ARGS ?=
# Three for two cores: a browser waits for its camera half of the time.
WORKERS ?= 3

# Nothing of the caller's Python, Flask or PostgreSQL may change what runs here. APP_ENV, PORT, HTTPS … pass through.
unexport $(filter FLASK_% PYTHON% PG% PYTEST_% PIP_USER PIP_TARGET PIP_PREFIX PIP_REQUIRE_VIRTUALENV VIRTUAL_ENV MYPYPATH,$(.VARIABLES))
export FLASK_SKIP_DOTENV := 1
.DEFAULT_GOAL := help
.SHELLFLAGS := -eu -c
.PHONY: help run test check css db-stop clean venv venv-dev axe api-docs api-check security

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

run: venv api-docs ## Set up what is missing and serve the demo (HTTPS=1 for kiosks in the local network)
	@exec $(BIN)/python -m blueprints.cli.serve

test: venv-dev axe api-docs ## Run the tests (ARGS="-k ballot" passes arguments to pytest, WORKERS=0 runs them one after the other)
	@trap '$(BIN)/python -m tests.support.stop_database' EXIT; \
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

check: venv-dev ## Lint, format, types, house rules, compiled CSS
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(BIN)/mypy & types=$$!; failed=0; \
	$(BIN)/python -m pytest -q tests/architecture || failed=1; \
	wait $$types || failed=1; \
	exit $$failed
	@mkdir -p var
	$(BIN)/tailwindcss -i $(CSS_IN) -o var/check.css --minify
	@cmp var/check.css $(CSS_OUT) || { echo 'The compiled CSS is not current: run "make css" and commit it.'; exit 1; }

css: venv-dev ## Compile the style sheet
	$(BIN)/tailwindcss -i $(CSS_IN) -o $(CSS_OUT) --minify

api-check: venv-dev ## Send so many cases to every operation of the API, fitting and not (CASES=30)
	API_CASES=$(or $(CASES),30) $(BIN)/python -m pytest -q -s -n 0 tests/blueprints/test_api_schema.py

security: venv-dev ## Read, fuzz and attack the application (ARGS="bandit fuzz --seconds 10" runs some of it)
	$(if $(ARGS),,EVERY_VALUE=1 $(BIN)/python -m pytest -q -n $(WORKERS) tests/blueprints/test_bad_input.py)
	@$(BIN)/python -m benchmarks.security $(ARGS)

api-docs: venv ## Fetch what draws the documentation of the API (make run does it)
	@$(BIN)/python -m blueprints.cli.api_docs

db-stop: venv ## Stop the embedded PostgreSQL
	@$(BIN)/python -m blueprints.cli.stop

clean: ## Remove caches and .venv; never .env, var/ or uploads/
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov node_modules
	rm -rf vendor/dlib/build vendor/dlib/*.egg-info
	find . -name __pycache__ -type d -not -path './var/*' -not -path './.git/*' -prune -exec rm -rf {} +

# $(call install,requirements file): into .venv, unless the same requirements are there already.
# The folder is part of the mark, because a virtual environment does not survive a move.
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo 'Smart Voting needs Python 3.11 or newer; "$(PYTHON)" is' "$$($(PYTHON) --version 2>&1)." \
	    'Name another: make PYTHON=python3.12 $(MAKECMDGOALS)'; exit 1; }
	@mark="$$({ pwd -P; $(PYTHON) --version; cat $(REQUIREMENTS); } | cksum)"; \
	if [ "$$(cat .venv/.$(1).installed 2>/dev/null)" = "$$mark" ]; then exit 0; fi; \
	if [ "$$(cat .venv/.mark 2>/dev/null)" != "$$mark" ]; then \
	  echo 'Setting up .venv …'; \
	  $(PYTHON) -m venv --clear .venv || { echo 'This Python has no venv. On Debian and Ubuntu: apt install python3-venv'; exit 1; }; \
	  echo "$$mark" > .venv/.mark; \
	fi; \
	echo 'Installing $(1) (about half a minute) …'; \
	export PIP_DISABLE_PIP_VERSION_CHECK=1 UV_SYSTEM_CERTS=1; \
	pip='$(BIN)/pip install --quiet --no-input'; \
	{ $$pip $(UV) && $(BIN)/uv pip install --quiet --python $(BIN)/python -r $(1); } \
	  || { echo 'uv could not do it; pip tries it, more slowly …'; $$pip --use-pep517 -r $(1); }; \
	for done in $(1) $$(sed -n 's/^-r //p' $(1)); do echo "$$mark" > ".venv/.$$done.installed"; done
endef

venv:
	$(call install,requirements.txt)

venv-dev:
	$(call install,requirements-dev.txt)

# The accessibility checker of the browser tests comes from npm; without npm those tests are skipped.
axe:
	@if [ -s $(AXE) ]; then exit 0; fi; \
	mkdir -p var/tools; \
	if ! command -v npm >/dev/null; then echo 'npm is missing: the accessibility tests are skipped.'; exit 0; fi; \
	if (cd var/tools && npm pack --silent axe-core@$(AXE_VERSION) >/dev/null && tar xzf axe-core-$(AXE_VERSION).tgz \
	    && mv package/axe.min.js axe.min.js && rm -rf package axe-core-$(AXE_VERSION).tgz); then exit 0; fi; \
	echo 'axe-core could not be fetched: the accessibility tests are skipped.'
