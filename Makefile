# Everything here works in a fresh clone with nothing but make and a Python 3.10 to 3.13; uv is used when
# it is on PATH. The first command installs into .venv, the next ones start at once.
#
#   make PYTHON=/path/to/python3.12 ...   with this Python
#   make test ARGS="-x -k sensor"          more arguments for pytest

run = @python="$$(sh scripts/find-python.sh)" && "$$python" -I scripts/in_venv.py --
uv = uv pip compile --no-cache --quiet --upgrade --no-header --no-annotate \
	--extra sandbox pyproject.toml

.PHONY: help demo live test check matrix build lock clean

help: ## what there is (this)
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

demo: ## watch a real Airflow check three webhooks against an embedded Reach
	$(run) -m scripts.demo

live: ## kill the triggerer of a real Airflow while it watches, and see that no watch is lost
	$(run) -m scripts.live

test: ## run the tests and hold their coverage to 100 % of core, 95 % of the rest
	$(run) -m pytest -n 2 --cov --cov-report= $(ARGS)
	$(run) -m coverage report --include="airflow_provider_reach/core/*" --fail-under=100
	$(run) -m coverage report --omit="airflow_provider_reach/core/*" --fail-under=95

check: ## lint, formatting, types
	$(run) -m ruff check
	$(run) -m ruff format --check
	$(run) -m mypy

bench: ## measure what it costs and write docs/benchmarks.md (ARGS=--short: a minute, writes nothing)
	$(run) -m tests.bench --write $(ARGS)

matrix: ## run the tests on the oldest and newest Airflow and Python, in environments of their own
	@bash scripts/matrix.sh

build: ## build the wheel and the sdist into dist/ and look into them
	$(run) scripts/build.py

lock: ## pin requirements/*.txt anew (needs uv)
	$(uv) --universal --python-version 3.10 requirements/airflow-3.3.in -o requirements/airflow-3.3.txt
	$(uv) --universal --python-version 3.10 requirements/airflow-2.11.in -o requirements/airflow-2.11.txt
	$(uv) --python-version 3.10 --resolution lowest-direct --exclude-newer 2025-07-01 \
		--exclude-newer-package apache-airflow-providers-common-compat=2026-06-30 \
		requirements/floor.in -o requirements/floor.txt

clean: ## remove everything the commands made
	rm -rf .venv .venvs .airflow dist htmlcov .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
