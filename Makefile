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
INSTALLED_DEV := .venv/.installed-dev
STARTED := $(shell date -u +%Y-%m-%dT%H:%M:%SZ)

.PHONY: help setup setup-dev demo run refresh app demo-loop check test test-spark ui format clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s  %s\n", $$1, $$2 }'

setup: $(INSTALLED) ## Install what running needs into .venv, as locked
setup-dev: $(INSTALLED_DEV) ## Install what tests, training, charts, Spark and Postgres need too

# `$(call install,FILE)` installs a lock file: with the uv on the path, else the one that the lock names, in a sixth of
# pip's time; else with pip, as behind a mirror that only pip is configured for, or one that has no uv.
define install
@uv=$$(command -v uv) || { sed -n '/^uv==/,/[^\\]$$/p' $(1) > .venv/uv.txt; uv=.venv/bin/uv; \
  .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt || uv=; }; \
{ [ -n "$$uv" ] && "$$uv" pip install --quiet --python .venv/bin/python --require-hashes -r $(1); } \
  || .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r <(sed '/^uv==/,/[^\\]$$/d' $(1))
endef

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "$(PYTHON) is older than 3.11. Name a newer one, such as: make run PYTHON=python3.12"; exit 2; }
	@echo "Setting up .venv (once; it downloads about 190 MB)"
	@$(PYTHON) -m venv .venv
	$(call install,requirements.lock)
	@.venv/bin/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(INSTALLED_DEV): $(INSTALLED) requirements-dev.lock
	@echo "Adding what tests need (once; it downloads about 430 MB more)"
	$(call install,requirements-dev.lock)
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
	  [ "$$(cat "$$marker")" != demo ] || leads demo --no-advice || exit $$?; \
	  leads ingest --backfill || [ $$? -eq 1 ] || exit 2; \
	  rm -f "$$marker"; \
	fi

run: demo ## Set up, make demo data, build production, show the summary; safe to repeat
	@$(SQLMESH) plan --auto-apply --no-prompts --skip-tests
	@leads summary --since $(STARTED)

refresh: $(INSTALLED) ## Take in what has landed and bring every model up to date, now
	@leads refresh

app: $(INSTALLED) ## Open the web app: leads, review queue, quality; for people without SQL
	@leads app

demo-loop: $(INSTALLED) ## Show the loop on a small demo and a fake Salesforce: pull, match, send, confirm
	@mkdir -p $(SCRATCH)
	@python tests/python/demo_loop.py $(SCRATCH)/demo_loop

# Checks run against scratch data, never against those of LEADS_DATA_DIR.
check test test-spark: export LEADS_DATA_DIR := $(SCRATCH)/check

check: $(INSTALLED_DEV) ## The quick checks: style, types, form of the SQL and lint
	@mkdir -p "$$LEADS_DATA_DIR"
	ruff check .
	ruff format --check .
	mypy
	$(SQLMESH) format --check
	$(SQLMESH) lint
	leads contracts check

test: check ## Everything there is to check, the quick things first
	$(SQLMESH) test
	pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not commands"
	pytest -n 2 --dist loadfile --no-loadscope-reorder -m commands
	leads bench --quick

test-spark: $(INSTALLED_DEV) ## Plan a small demo on Spark and on DuckDB and compare every row
	pytest -m spark

ui: $(INSTALLED) ## Open the project's web page on a copy of production; APPLY=1: on production itself
	@leads ui $(if $(APPLY),--apply)

format: $(INSTALLED_DEV) ## Bring Python and SQL into the house form
	@ruff check --fix-only --quiet .
	@ruff format .
	@$(SQLMESH) format

clean: ## Remove the virtual environment and caches; data stay
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis
