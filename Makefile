# Nothing but Python 3.11+ and make is needed: tools/sync.sh brings the rest.
# Every path is relative, so the folder may have spaces in its name; GNU make 3.81 will do.

# Scripts in .venv name its folder: after a move, or when its Python is gone, sync again.
$(shell test -x .venv/bin/python && grep -qsF "$$(pwd -P)/.venv/" .venv/bin/dexxy || rm -f .venv/.run .venv/.dev)

# Checks load the settings, which make a secret key: keep it away from a real installation.
DJANGO := DEXXY_DATA_DIR=.cache/data DJANGO_SETTINGS_MODULE=dexxy.config.settings \
	.venv/bin/python -W ignore::RuntimeWarning
EXPORT_SCHEMA := $(DJANGO) -m tools.export_schema

# Many processes start in the tests: each would compile every module that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check check-all check-begins torture bench bench-peers pythons package release lint types migrations schema fmt docs texts pictures hooks clean
.DELETE_ON_ERROR:

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

demo: .venv/.run ## show Dexxy with a recorded repository (PORT=8123: on that port)
	@exec .venv/bin/dexxy demo $(if $(PORT),--port "$(PORT)")

PYTEST := .venv/bin/python -m pytest --numprocesses auto --dist worksteal

test: .venv/.dev .cache/github/schema.graphql ## run the tests (ARGS="-k feed": options of pytest)
	@$(PYTEST) -m "not slow" $(ARGS)

check: lint types migrations schema test ## all that CI checks

# A release asks whether all tests have passed for its files: ARGS may leave some out.
check-all: check-begins lint types migrations schema .cache/github/schema.graphql ## check, with the slow tests too
	@$(PYTEST) $(ARGS)
	@$(if $(ARGS),,.venv/bin/python -m tools.checked passed)

check-begins: .venv/.dev
	@$(if $(ARGS),,.venv/bin/python -m tools.checked begins)

# To shorten a history it is played up to two hundred times in one test.
TORTURE := $(if $(SEED),DEXXY_TEST_HISTORY_SEED="$(SEED)") $(if $(SHRINK),DEXXY_TEST_SHRINK=1) \
	DEXXY_TEST_HISTORIES="$(or $(N),$(if $(SEED),1,1000))" \
	DEXXY_TEST_KILLS="$(or $(KILLS),$(if $(SEED),0,30))"

torture: .venv/.dev ## play random histories (N=1000, KILLS=30 with real processes; SEED=4711 repeats one)
	@$(TORTURE) $(PYTEST) $(if $(SHRINK),--timeout=3600) tests/torture $(ARGS)

lint: .venv/.dev
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/bandit --quiet --configfile pyproject.toml --severity-level medium \
		--recursive dexxy dexxy_simulator tools benchmarks 2>/dev/null
	@.venv/bin/python -m tools.find_secrets

types: .venv/.dev
	@DEXXY_DATA_DIR=.cache/data .venv/bin/python -m mypy dexxy dexxy_simulator tests tools benchmarks

migrations: .venv/.dev
	@$(DJANGO) -m django makemigrations --check --dry-run

# The API is reviewed as a diff: what the code exports must be what is committed.
schema: .venv/.dev
	@mkdir -p .cache
	@$(EXPORT_SCHEMA) .cache/exported.graphql
	@diff -u schema.graphql .cache/exported.graphql || \
		{ echo "schema.graphql differs from the code: run make fmt and review the diff." >&2; exit 1; }

bench: .venv/.bench ## measure webhooks, from delivery to feed, and how a generated repository is read
	@.venv/bin/python -m benchmarks

bench-peers: .venv/.dev ## measure Dexxy beside its peers from PyPI, and write docs/explanation/peers.md (ARGS=--quick: in minutes)
	@.venv/bin/python -m benchmarks.peers $(ARGS)

pythons: .venv/.dev .cache/github/schema.graphql ## run the tests on Python 3.11, 3.12 and 3.13 (ARGS: options of pytest)
	@.venv/bin/python -m tools.pythons --numprocesses auto --dist worksteal -m "not slow" $(ARGS)

package: .venv/.dev ## build the wheel and the source distribution into dist/
	@.venv/bin/python -m hatchling build --directory dist

release: .venv/.dev ## make a release here, and push nothing (VERSION=1.2.3; CHECKED=COMMIT: check-all passed elsewhere)
	@$(DJANGO) -m tools.release "$(VERSION)" $(if $(CHECKED),--checked "$(CHECKED)")

fmt: .venv/.dev ## format the code, write what of the docs comes from it, export schema.graphql
	@.venv/bin/ruff check --fix
	@.venv/bin/ruff format
	@$(EXPORT_SCHEMA) schema.graphql
	@$(DJANGO) -m tools.mcp_reference
	@.venv/bin/python -m tools.settings_reference
	@.venv/bin/python -m tools.commands_reference
	@$(DJANGO) -m tools.data_model
	@$(DJANGO) -m tools.troubleshooting

docs: .venv/.dev ## build the documentation as HTML, which `dexxy web` serves at /docs/
	@.venv/bin/python -m tools.documentation

texts: .venv/.dev ## find the texts of the pages and bring their translations up to date
	@.venv/bin/python -m tools.texts

pictures: .venv/.dev ## take the pictures of the docs of the demo's pages
	@.venv/bin/python -m tools.pictures $(ONLY)

hooks: .venv/.dev ## let git refuse a commit that CI would refuse
	@.venv/bin/pre-commit install

clean: ## remove everything that make brought into this folder
	@rm -rf .venv .uv .cache

# The demo must not remove what a developer installed, hence --inexact.
.venv/.run: pyproject.toml uv.lock tools/sync.sh
	@sh tools/sync.sh --no-dev --inexact
	@touch $@

.venv/.dev: pyproject.toml uv.lock tools/sync.sh
	@sh tools/sync.sh
	@touch $@ .venv/.run

.venv/.bench: pyproject.toml uv.lock tools/sync.sh
	@sh tools/sync.sh --group bench
	@touch $@ .venv/.dev .venv/.run

# Without a network this makes no file, and the tests that need it say so.
.cache/github/schema.graphql: tools/fetch_published_schema.py | .venv/.dev
	@.venv/bin/python tools/fetch_published_schema.py
