# `make run` tries the product, `make stack` what a site runs on; `make test` installs what the tests need and runs them all.
PYTHON ?= python3
PORT ?= 8000
DATA_DIR ?= $(if $(filter stack%,$(MAKECMDGOALS)),data-stack,data)
VENV := .venv/bin
# three processes on two cores, as slow tests wait much; conftest.py says in which order
PARALLEL := -n 3 --dist loadgroup --no-loadscope-reorder
NPM = $(PYTHON) deploy/embedded/bootstrap.py --npm
export PORT DATA_DIR

.PHONY: help run stack stack-status dev test test-mariadb test-quick coverage check check-front sizes format mutants bench faults lock messages screenshots lighthouse clean

help: ## This list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

run: ## Try the product: PORT=8000 DATA_DIR=data
	@exec $(PYTHON) deploy/embedded/bootstrap.py --run

stack: ## Try the deployment, MariaDB to nginx: PORT=8000 DATA_DIR=data-stack
	@sh deploy/embedded/packages.sh nginx libnginx-mod-http-brotli-filter mariadb-server default-libmysqlclient-dev pkg-config gcc python3-dev
	@exec $(PYTHON) deploy/embedded/bootstrap.py --stack

stack-status: ## The parts of a running stack, one a line: DATA_DIR=data-stack
	@exec $(VENV)/python deploy/stack/status.py

dev: ## Everything the tests and checks need
	@$(PYTHON) deploy/embedded/bootstrap.py --dev
	@sh deploy/embedded/test-machine.sh
	@$(PYTHON) deploy/embedded/bootstrap.py --databases

test: dev ## Every test, and the quick ones on MariaDB again
	$(VENV)/python -m pytest $(PARALLEL)
	$(MAKE) test-mariadb

test-mariadb: dev ## The quick tests on a MariaDB as Debian installs it
	STREAMSITE_TEST_DATABASE=mariadb $(VENV)/python -m pytest -n 2 --dist worksteal -m "not slow"

test-quick: dev ## The tests that take no encode, server or browser
	$(VENV)/python -m pytest -n 2 --dist worksteal -m "not slow"

coverage: dev ## What the quick tests reach, by lines and branches
	$(VENV)/python -m pytest -n 2 --dist worksteal -m "not slow" --cov --cov-report=term:skip-covered

check: dev check-front ## Format, lint, imports, types, migrations, settings, templates, front end
	$(VENV)/ruff format --check
	$(VENV)/ruff check
	$(VENV)/lint-imports
	$(VENV)/mypy streamsite apps utils celery_tasks deploy tests benchmarks
	$(VENV)/python -m tests.any_expressions
	$(VENV)/python manage.py makemigrations --check --dry-run
	ENVIRONMENT=production DEBUG=0 SITE_URL=https://streamsite.example ALLOWED_HOSTS=streamsite.example \
	SECRET_KEY="$$($(VENV)/python -c 'import secrets; print(secrets.token_urlsafe(48))')" \
	$(VENV)/python manage.py check --deploy --fail-level WARNING
	$(VENV)/djlint templates --lint --quiet

mutants: dev ## Plant small faults, one at a time, and see a test fail: WORDS="money tokens"
	$(VENV)/python -m tests.mutants $(WORDS)

check-front: dev ## Scripts and styles: format, lint, types, unit tests, bundle sizes
	$(NPM) run --silent check

sizes: dev ## Build the front end and list the sizes of its bundles
	$(NPM) run --silent build

format: dev ## Put Python, scripts and styles into their format
	$(VENV)/ruff format
	$(NPM) run --silent format

bench: dev ## Measure: each figure is a ratio to a reference in the same run
	@for bench in benchmarks/*.py; do echo "== $$bench"; $(VENV)/python $$bench || exit 1; done

faults: dev ## Cause one fault after the other in a stack under load, and write the table of docs/reliability.md
	@sh deploy/embedded/packages.sh nginx mariadb-server
	$(VENV)/python benchmarks/faults/run.py

lock: ## Renew the hashed requirements
	for set in requirements requirements-demo requirements-dev requirements-mysql requirements-node requirements-whoosh; do \
	  $(VENV)/python deploy/embedded/mirrors.py pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $$set.in -o $$set.txt; done

messages: ## Collect the strings to translate
	$(VENV)/python manage.py makemessages -l zh_Hans --no-location --no-obsolete -i .venv -i node_modules -i data

screenshots: dev ## Photograph the pages into docs/screenshots
	$(VENV)/python docs/screenshots.py

lighthouse: dev ## Lighthouse (mobile) over home and watch page
	$(VENV)/python benchmarks/lighthouse/run.py

clean: ## Remove what was built; data stays
	rm -rf .venv node_modules static/dist build
	find locale -name '*.mo' -delete
