# Every target makes .venv first; it needs nothing but a Python >= 3.12 and make.
PYTHON := .venv/bin/python
WORKERS ?= auto
ARGS ?=
PYTEST = pytest -n $(WORKERS) --dist loadgroup $(ARGS)
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONPATH := $(CURDIR)
# A dozen processes import Krak: without compiled modules each needs 8 s of CPU for it, with them 2.
unexport PYTHONDONTWRITEBYTECODE
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help up test test-pgbouncer test-swapped-keys test-citus check bench faults shell manage lock clean venv venv-dev

help:  ## List what can be done
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' Makefile | column -t -s '|'

up: venv  ## Run all of Krak on http://127.0.0.1:8000 (PORT=...); Ctrl-C stops it
	@$(PYTHON) -m krak.runtime.up --follow-parent

test: venv-dev  ## Check everything and run the whole suite (ARGS="-k tap", WORKERS=4)
	@$(PYTHON) -m krak.runtime.services --state .krak/test -- \
		krak/runtime/check.sh $(PYTEST)

test-pgbouncer: venv-dev  ## Run the suite behind a PgBouncer in transaction pooling (needs pgbouncer)
	@$(PYTHON) -m krak.runtime.services --state .krak/test -- \
		$(PYTHON) -m krak.runtime.pgbouncer $(PYTEST)

test-swapped-keys: venv-dev  ## Run the suite with the keys of a distributed database
	@KRAK_TEST_SWAPPED_KEYS=1 $(PYTHON) -m krak.runtime.services --state .krak/test -- \
		$(PYTEST)

test-citus: venv-dev  ## Run the suite on a Citus cluster (DATABASE_URL, KRAK_TEST_CITUS=host:port,...: its workers)
	@KRAK_DISTRIBUTED=1 $(PYTHON) -m krak.runtime.services --state .krak/test -- \
		$(PYTEST)

check: venv-dev  ## Check style, types, imports and migrations only
	@$(PYTHON) -m krak.runtime.services --state .krak/check -- krak/runtime/check.sh

bench: venv-dev  ## Measure, as a table and in bench/results.json
	@$(PYTHON) -m krak.runtime.services --state .krak/bench -- python -m bench $(ARGS)

faults: venv-dev  ## Kill, pause and flush a whole Krak, write docs/reliability.md (ARGS="--rows 8,17 --seed 5")
	@$(PYTHON) -m tests.faults $(ARGS)

shell: venv  ## Open a Django shell beside `make up`, or alone
	@$(PYTHON) -m krak.runtime.services --state .krak/dev --join -- python manage.py shell

manage: venv  ## Run a management command beside `make up`, or alone (ARGS="replay_decision dec_…")
	@$(PYTHON) -m krak.runtime.services --state .krak/dev --join -- python manage.py $(ARGS)

lock:  ## Compile the two locks from pyproject.toml
	@krak/runtime/bootstrap.sh --lock

clean:  ## Remove .venv, the caches and all data in .krak
	@krak/runtime/clean.sh

venv:
	@krak/runtime/bootstrap.sh requirements.txt

venv-dev:
	@krak/runtime/bootstrap.sh requirements-dev.txt
