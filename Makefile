# `make help` lists the targets. Everything is installed into folders of this repository.

UV_VERSION := 0.13.9
UV := $(or $(shell command -v uv 2>/dev/null),.tools/uv/bin/uv)
INSTALL := $(UV) pip install --quiet --require-hashes --compile-bytecode
COMPILE := $(UV) pip compile --universal --generate-hashes --no-emit-index-url --no-annotate \
	--quiet --custom-compile-command "make lock"
CATALOGUES := $(shell find accounts companion skill_endpoint templates -name '*.po')
STARTED := $(shell date +%s)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help install demo smoke test pages pictures lint messages lock mutants bench .venv-aws

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

demo: .venv/.base .venv/.translations .venv-aws/.installed ## run all of it here: local AWS, pool, people, website; Ctrl-C stops
	@STARTED=$(STARTED) .venv/bin/python -m companion.local.demo

install: .venv/.base .venv/.translations ## what a server needs, into .venv

smoke: .venv/.base .venv/.translations .venv-aws/.installed ## play the whole scenario over HTTP against a throw-away installation
	@.venv/bin/python -m companion.local.smoke

test: .venv/.dev .venv/.translations .venv-aws/.installed ## run all tests; arguments in ARGS="..."
	.venv/bin/python -m pytest $(ARGS)

pages: .venv/.dev .venv/.translations .venv-aws/.installed ## measure every page in Chromium; PAGES="home saved" for some
	@.venv/bin/python -m tests.browser.table $(PAGES)

pictures: .venv/.dev .venv/.translations .venv-aws/.installed ## make the README's pictures; ALL=folder for every page in every look
	@.venv/bin/python -m tests.browser.pictures $(ALL) $(if $(ALL),$(PAGES))

lint: .venv/.dev .venv/.translations ## check style, types, templates, migrations, translations, settings
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy .
	.venv/bin/djlint --check templates
	.venv/bin/djlint --quiet --lint templates
	.venv/bin/cfn-lint accounts/pool/template.yaml deploy/oauth-trace-gateway.yaml
	.venv/bin/python -m companion.local.translations
	.venv/bin/python manage.py makemigrations --check --dry-run --settings tests.settings
	.venv/bin/python manage.py check --settings tests.settings --fail-level WARNING
	.venv/bin/python -m companion.local.translations check

messages: .venv/.base ## write new sentences into the catalogues; LANGUAGES="de fr" for some of them
	.venv/bin/python -m companion.local.translations update $(LANGUAGES)

mutants: .venv/.dev .venv/.translations .venv-aws/.installed ## take one defence away at a time: does a test notice?
	.venv/bin/python -m tests.mutants

bench: .venv/.base .venv/.translations ## measure speed, beside peers; PARTS="voice steps servers growth website oauth_trace" for some
	@.venv/bin/python -m benchmarks $(PARTS)

lock: | $(UV) ## recompile requirements/*.txt from pyproject.toml; UPGRADE=--upgrade for newer versions
	$(COMPILE) $(UPGRADE) -o requirements/base.txt pyproject.toml
	$(COMPILE) $(UPGRADE) --group dev -c requirements/base.txt -o requirements/dev.txt pyproject.toml
	$(COMPILE) $(UPGRADE) -o requirements/local-aws.txt requirements/local-aws.in

# --- environments: the stamp files make a second run instant ------------------------------------

.tools/uv/bin/uv:
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { echo >&2 \
	"Python 3 with its venv module is needed once, to fetch uv: sudo apt-get install python3-venv"; exit 1; }
	python3 -m venv --clear .tools/uv
	.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# .python-version says which Python; where that one can be neither found nor fetched, a newer or
# older one that the project supports will do.
.venv/bin/python: | $(UV)
	$(UV) venv --quiet --allow-existing .venv || \
	$(UV) venv --quiet --allow-existing --python '>=3.12' .venv

# `install`, not `sync`: a demo must not take the development tools away
.venv/.base: requirements/base.txt .venv/bin/python | $(UV)
	$(INSTALL) --python .venv/bin/python -r requirements/base.txt
	@touch $@

.venv/.dev: requirements/dev.txt .venv/bin/python | $(UV)
	$(INSTALL) --python .venv/bin/python -r requirements/dev.txt
	@touch .venv/.base $@

.venv/.translations: .venv/.base $(CATALOGUES)
	.venv/bin/python -m companion.local.translations
	@touch $@

# An environment of its own: ministack pins botocore exactly, and with boto3 of today pip and uv
# find no solution. Same interpreter as .venv.
.venv-aws: .venv-aws/.installed
.venv-aws/.installed: requirements/local-aws.txt .venv/bin/python | $(UV)
	$(UV) venv --quiet --allow-existing .venv-aws \
	--python "$$(.venv/bin/python -c 'import sys; print(sys._base_executable)')"
	$(INSTALL) --python .venv-aws/bin/python -r requirements/local-aws.txt
	@touch $@
