# `make demo` shows the whole; `make test` proves it. Both need Python 3.11+ and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
export DO_NOT_TRACK = 1

.PHONY: demo test lint up down psql clean lock bench install
.DEFAULT_GOAL := help

help:
	@echo "make demo   the whole way on a synthetic city, through Airflow"
	@echo "make test   the whole suite        make lint   ruff, mypy, sqlfluff, catalogue check"
	@echo "make up     Airflow on loopback    make down   stop it and PostgreSQL"
	@echo "make psql   the warehouse as reader"
	@echo "make bench  the README's figures   make lock   pin the environment again"
	@echo "make clean  remove the environment and all local data (var/)"

# uv, put into the new environment by pip, takes the hash-pinned lock, which pip itself refuses (extras).
$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	@$(PYTHON) -m venv $(VENV) || { echo "On Debian: apt-get install python3-venv"; exit 1; }
	@echo "installing the environment from requirements.lock"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

install: $(VENV)/.installed

# Spark for the tests; a cluster's own is found by SPARK_HOME.
.spark/.installed: requirements-spark.lock $(VENV)/.installed
	@echo "installing Spark from requirements-spark.lock"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --target .spark --no-deps --require-hashes -r requirements-spark.lock
	@touch $@

demo: install
	@$(BIN)/cityhealth demo

test: install .spark/.installed
	$(BIN)/python -m pytest -n auto --maxprocesses=4 --dist loadfile --no-loadscope-reorder

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/cityhealth catalogue check
	$(BIN)/sqlfluff lint --processes 0 dbt_project/models dbt_project/tests

up: install
	@$(BIN)/cityhealth stack up

down: install
	@$(BIN)/cityhealth stack down

psql: install
	@$(BIN)/cityhealth db psql

bench: install
	@for script in benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

# For every Python from 3.11.0 on (Debian 12 has 3.11.2, where redis needs async-timeout), not for the one at hand.
# No index address may stand in the lock: it is read where other indexes are.
lock: install
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements.lock
	$(BIN)/uv pip compile --group spark --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements-spark.lock

clean:
	@if [ -x $(BIN)/cityhealth ]; then $(BIN)/cityhealth stack down || true; fi
	rm -rf $(VENV) .spark var dbt_project/target dbt_project/logs .pytest_cache .ruff_cache .mypy_cache .hypothesis
