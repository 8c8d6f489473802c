# Two commands are enough to start: `make run` and `make test`. `make` alone lists the rest.
SHELL := bash
.DEFAULT_GOAL := help

PYTHON ?= python3
export LEADS_DATA_DIR ?= data
export PATH := $(CURDIR)/.venv/bin:$(PATH)

# Logs and scratch data stay outside the project: SQLMesh's web page would reload at every line written.
SCRATCH := $(or $(TMPDIR),/tmp)/lead_enrichment_$(shell id -u)
SQLMESH := sqlmesh --log-file-dir $(SCRATCH)/logs
INSTALLED := .venv/.installed
STARTED := $(shell date -u +%Y-%m-%dT%H:%M:%SZ)

.PHONY: help setup demo run refresh check test test-spark ui format clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s  %s\n", $$1, $$2 }'

setup: $(INSTALLED) ## Install the locked packages into .venv

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "$(PYTHON) is older than 3.11. Name a newer one, such as: make run PYTHON=python3.12"; exit 2; }
	@echo "Setting up .venv (once; it downloads about 640 MB)"
	@$(PYTHON) -m venv .venv
	@.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@.venv/bin/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

# The first load: demo data where nothing has landed, then everything under the dates that the files claim. A marker
# makes a first load that was stopped half-way start over. Exit code 1 of `leads ingest` says that a file was refused:
# the others go on.
demo: $(INSTALLED)
	@data="$$LEADS_DATA_DIR"; marker="$$data/.first_load"; \
	if [ ! -e "$$marker" ] && [ -n "$$(find "$$data/archive" -type f -print -quit 2>/dev/null)" ]; then \
	  echo "$$data holds deliveries: no demo data needed. New files are taken in by: make refresh"; \
	else \
	  mkdir -p "$$data" || exit 2; \
	  [ -e "$$marker" ] || [ -n "$$(find "$$data/landing" -type f -print -quit 2>/dev/null)" ] || echo demo > "$$marker"; \
	  [ -e "$$marker" ] || echo landed > "$$marker"; \
	  [ "$$(cat "$$marker")" != demo ] || leads demo || exit $$?; \
	  leads ingest --backfill || [ $$? -eq 1 ] || exit 2; \
	  rm -f "$$marker"; \
	fi

run: demo ## Set up, make demo data, build production, show the summary; safe to repeat
	@$(SQLMESH) plan --auto-apply --no-prompts
	@leads summary --since $(STARTED)

refresh: $(INSTALLED) ## Take in what has landed and bring every model up to date, now
	@leads refresh

# Checks run against scratch data, never against those of LEADS_DATA_DIR.
check test test-spark: export LEADS_DATA_DIR := $(SCRATCH)/check

check: $(INSTALLED) ## The quick checks: style, types, form of the SQL and lint
	@mkdir -p "$$LEADS_DATA_DIR/warehouse"
	ruff check .
	ruff format --check .
	mypy
	$(SQLMESH) format --check
	$(SQLMESH) lint
	leads contracts check

test: check ## Everything there is to check, the quick things first
	$(SQLMESH) test
	pytest -n 2 --dist loadfile -m "not browser and not spark"
	pytest -m spark
	pytest -m browser
	leads bench --quick

test-spark: $(INSTALLED) ## Plan a small demo on Spark and on DuckDB and compare every row
	pytest -m spark

ui: $(INSTALLED) ## Open the project's web page on http://127.0.0.1:8000 (Ctrl-C stops it)
	@echo "The page holds the warehouse while it is open: make run and make refresh wait until it is stopped."
	@$(SQLMESH) --ignore-warnings ui

format: $(INSTALLED) ## Bring Python and SQL into the house form
	@ruff check --fix-only --quiet .
	@ruff format .
	@$(SQLMESH) format

clean: ## Remove the virtual environment and caches; data stay
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis
