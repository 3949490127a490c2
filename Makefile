# Tocsin: what one does with this folder. `make` alone says what there is.
PYTHON ?= python3
PORT ?=
ONESHOT ?=
QUICK ?=
ARGS ?=
SEED ?=
SEEDS ?= 10
LIVES ?= 2000

BIN := .venv/bin
INSTALLED := .venv/.installed
DEVELOPING := .venv/.developing
BENCHING := .venv/.benching
COMPILE := uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--python-version 3.11 --exclude-newer "7 days" --custom-compile-command "make lock"
LOCK := $(COMPILE) --extra build pyproject.toml

.DEFAULT_GOAL := help
.PHONY: apt bench chaos clean demo goes-on help install lint lock statemachine test test-postgres test-seen \
	test-slow test-whole
.DELETE_ON_ERROR:

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort \
		| awk -F ':.*## ' '{ printf "  make %-13s %s\n", $$1, $$2 }'

install: $(INSTALLED) ## Make the virtual environment .venv from the hashed requirements

demo: $(INSTALLED) ## A text goes in, the neighbours get it (ONESHOT=1 ends by itself; PORT=8000)
	$(BIN)/tocsin demo $(if $(filter-out 0,$(ONESHOT)),--once) $(if $(PORT),--port $(PORT))

test: $(DEVELOPING) ## Run the tests (ARGS="tests/gateway -k kannel" for some of them)
	$(BIN)/python -m pytest -n 2 --dist loadfile \
		-m "not (slow or seen or whole or postgres)" $(ARGS)

test-postgres: $(DEVELOPING) ## Run on PostgreSQL what `make test` runs on SQLite alone
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "postgres and not (slow or whole or seen)" $(ARGS)

test-seen: $(DEVELOPING) ## Run what looks at the pages in Chromium: size, axe, keyboard, no scripts
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "seen and not slow" $(ARGS)

test-whole: $(DEVELOPING) ## Run what starts whole systems, at each provider, and the demonstration
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "whole and not (slow or seen)" $(ARGS)

test-slow: $(DEVELOPING) ## Run what takes minutes: crashes, outages, whole conversations
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "slow and not alone" $(ARGS)

chaos: $(DEVELOPING) ## Faults by seed, nothing lost (SEEDS=200 long form; SEED=17 replays one)
	$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) $(ARGS)

goes-on: $(DEVELOPING) ## After each single failure sending goes on within 10 s (timed: run it alone)
	$(BIN)/python -m pytest -m alone $(ARGS)

statemachine: $(DEVELOPING) ## A delivery's life in any order, LIVES=2000 lives of 50 steps
	LIVES=$(LIVES) $(BIN)/python -m pytest -n 2 --dist load tests/dispatch/test_statemachine.py $(ARGS)

bench: $(BENCHING) ## Measure speed (QUICK=1: less, once; ARGS="dispatch plan" for some benches)
	$(BIN)/python -m bench $(if $(filter-out 0,$(QUICK)),--quick) $(ARGS)

lint: $(DEVELOPING) ## Check style, types, the order of imports and the migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	scripts/check-migrations.sh

lock: ## Choose the versions of all dependencies anew, a week old at least (needs uv)
	$(LOCK) --upgrade -o requirements.txt
	$(LOCK) --upgrade --extra dev -c requirements.txt -o requirements-dev.txt
	$(LOCK) --upgrade --extra bench -c requirements-dev.txt -o requirements-bench.txt
	$(COMPILE) --upgrade requirements-addok.in -o requirements-addok.txt

apt: ## Install the Debian packages that the tests use (as root)
	scripts/debian-packages.sh

clean: ## Remove what was built, not var/
	rm -rf .venv build artefacts *.egg-info .mypy_cache .ruff_cache .pytest_cache \
		.hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Tocsin needs Python 3.11 or newer, and $(PYTHON) is not." \
			"Name another: make install PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { \
		echo "$(PYTHON) has no venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
		exit 1; }
	$(PYTHON) -m venv .venv

$(INSTALLED): requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(DEVELOPING): requirements-dev.txt $(INSTALLED)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

$(BENCHING): requirements-bench.txt $(DEVELOPING)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-bench.txt
	@touch $@
