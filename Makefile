# Everything here works in a fresh clone with nothing but make and a Python 3.10 to 3.13 (and PostgreSQL, for soak
# alone); uv is used when it is on PATH. The first command installs into .venv, the next ones start at once.
#
#   make PYTHON=/path/to/python3.12 ...   with this Python
#   make test ARGS="-x -k sensor"         these tests only, without their coverage

run = @python="$$(sh scripts/find-python.sh)" && exec "$$python" -I scripts/in_venv.py --
uv = uv pip compile --no-cache --quiet --upgrade --no-header --no-annotate \
	--extra sandbox pyproject.toml
anywhere = --universal --python-version 3.10
common-compat = apache-airflow-providers-common-compat

.PHONY: help demo live ui test whole check docs bench faults simulate fuzz soak mutate matrix build lock clean

help: ## what there is (this)
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

demo: ## watch a real Airflow check three webhooks against an embedded Reach
	$(run) -m scripts.demo

live: ## kill the triggerer of a real Airflow while it watches, and see that no watch is lost
	$(run) -m scripts.live

ui: ## a real Airflow to click through, with an embedded Reach behind it (ARGS="--port 8123")
	$(run) -m scripts.ui $(ARGS)

test: ## run the tests and hold their coverage to 100 % of core, 95 % of the rest
ifdef ARGS
	$(run) -m pytest $(ARGS)
else
	$(run) -m pytest -n 2 -m "not long" --cov --cov-report=
	$(run) -m coverage report --include="airflow_provider_reach/core/*" --fail-under=100
	$(run) -m coverage report --omit="airflow_provider_reach/core/*" --fail-under=95
endif

whole: ## run the tests that test leaves out: more whole DAGs through a real Airflow, every page's commands
	$(run) -m pytest -n 2 -m long $(ARGS)

check: ## lint, formatting, types
	$(run) -m ruff check
	$(run) -m ruff format --check
	$(run) -m mypy

bench: ## measure what it costs and write docs/benchmarks.md (ARGS=--short: a minute, writes nothing)
	$(run) -m evidence.bench --write $(ARGS)

faults: ## every operation of the API meets every fault: writes docs/proof/faults.md (ARGS=--short)
	$(run) -m evidence.faults --write $(ARGS)

simulate: ## days of a service's life, checked by every schedule: writes docs/proof/simulation.md (ARGS=--short)
	$(run) -m evidence.simulation --write $(ARGS)

fuzz: ## what nobody would send or type, by the ten thousand (ARGS=--hypothesis-profile=short)
	$(run) -m pytest --hypothesis-profile=long --hypothesis-seed=0 tests/fuzz $(ARGS)

soak: ## 1000 watches for days; kill one of two triggerers; needs PostgreSQL: writes docs/proof/soak.md (ARGS=--short)
	$(run) -m evidence.soak --write $(ARGS)

mutate: ## break core/ in every way there is, and see whether a test notices (ARGS=--short)
	$(run) -m evidence.mutation --write $(ARGS)

docs: ## build the documentation's pages in .docs/html; a broken reference fails it
	$(run) -m sphinx -W --keep-going -n -q -b html -d .docs/doctrees docs .docs/html

matrix: ## run the tests and try the wheel on every supported Airflow (ARGS=--short, ARGS=airflow-3.1)
	@python="$$(sh scripts/find-python.sh)" && exec "$$python" -I scripts/matrix.py $(ARGS)

build: ## build the wheel and the sdist into dist/ and look into them
	$(run) scripts/build.py

# An older Airflow takes what was new when it was: with the libraries of later it breaks.
lock: ## pin requirements/*.txt anew (needs uv)
	$(uv) $(anywhere) requirements/airflow-3.3.in -o requirements/airflow-3.3.txt
	$(uv) $(anywhere) requirements/airflow-3.2.in -o requirements/airflow-3.2.txt --exclude-newer 2026-06-01
	$(uv) $(anywhere) requirements/airflow-3.1.in -o requirements/airflow-3.1.txt --exclude-newer 2026-03-15
	$(uv) $(anywhere) requirements/airflow-3.0.in -o requirements/airflow-3.0.txt --exclude-newer 2025-09-01 \
		--exclude-newer-package $(common-compat)=2026-02-03
	$(uv) $(anywhere) requirements/airflow-2.11.in -o requirements/airflow-2.11.txt
	$(uv) --python-version 3.10 --resolution lowest-direct requirements/floor.in -o requirements/floor.txt \
		--exclude-newer 2025-07-01 --exclude-newer-package $(common-compat)=2026-06-30

clean: ## remove everything the commands made
	rm -rf .venv .venvs .airflow .docs .mutants dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
