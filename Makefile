# Set-up, start, checks. `make help` lists what there is. Paths are relative: a folder with a space in its name works.
# PYTHON=... names the Python to use. ARGS=... is passed on: `make run ARGS="--port 9000 --no-demo"`, `make test ARGS="-k claim"`.

BOOTSTRAP = sh tools/python.sh tools/bootstrap.py
DEV = @$(BOOTSTRAP) --dev exec
ARGS ?=

export PYTHON

.DEFAULT_GOAL := help
.PHONY: help setup run tour test check fmt lint types schema constraints ui ui-dev e2e bench migrations manage clean clean-data

help: ## Show this list
	@echo "ROIQA: make run starts it, make test checks it. All targets:"
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "  %-12s %s\n", $$1, $$2 }'
	@echo "Options: PORT=9000 and ARGS=\"--no-demo\" (run), ARGS=\"-k claim\" (test), PYTHON=/path/to/python3 (all)."

run: ## Set everything up and serve a demo study (Ctrl-C stops it)
	@$(BOOTSTRAP) run $(if $(PORT),--port $(PORT)) $(ARGS)

tour: ## Go through the whole loop: simulated raters, a release, a training run, suggestions (Ctrl-C ends it)
	@$(BOOTSTRAP) exec python manage.py tour $(ARGS)

setup: ## Make the virtual environment with the tools for tests, and build the interface
	@$(BOOTSTRAP) --dev setup

test: ## Every check and every test, browser tests included
	@$(BOOTSTRAP) --dev test $(ARGS)

check: ## Every check but no tests
	@ROIQA_CHECK=fmt,lint,imports,types,migrations,deploy,schema,ui-check $(BOOTSTRAP) --dev test

fmt: ## Format the Python and TypeScript sources
	$(DEV) python -m ruff format .
	$(DEV) python -m ruff check --fix .
	$(DEV) npm --prefix annotator_ui run --silent format

lint: ## Lint, and check that rooms import downwards only
	@ROIQA_CHECK=fmt,lint,imports,ui-check $(BOOTSTRAP) --dev test

types: ## Check the types of the Python sources
	@ROIQA_CHECK=types $(BOOTSTRAP) --dev test

schema: ## Write the OpenAPI schema and the TypeScript types made of it
	$(DEV) python tools/schema.py

migrations: ## Write the migrations that changed models need
	$(DEV) python tools/with_database.py python manage.py makemigrations $(ARGS)

constraints: ## Write down the versions of the installed Python packages
	$(DEV) python tools/constraints.py > constraints.new && mv constraints.new constraints.txt

ui: ## Build the interface
	@$(BOOTSTRAP) setup

ui-dev: ## Serve the interface with live reload beside a running `make run`
	$(DEV) npm --prefix annotator_ui run dev

e2e: ## The browser tests only
	@ROIQA_CHECK=tests $(BOOTSTRAP) --dev test tests/e2e $(ARGS)

bench: ## Measure what docs/performance.md promises
	$(DEV) python -m bench $(ARGS)

manage: ## A management command: make manage ARGS="create_study --help"
	@$(BOOTSTRAP) exec python manage.py $(ARGS)

clean: ## Remove what was built; the data stays
	rm -rf .venv annotator_ui/node_modules annotator_ui/dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

clean-data: ## Remove the data folder var/ with every study and rating in it (asks first)
	@$(BOOTSTRAP) exec python tools/clean_data.py
