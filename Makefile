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
.PHONY: help install demo smoke test pages pictures lint messages lock mutants bench load fuzz audit faults .venv-aws

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

demo: .venv/.base .venv/.translations .venv-aws/.installed ## run all of it here: local AWS, pool, people, website; Ctrl-C stops
	@STARTED=$(STARTED) .venv/bin/python -m companion.local.demo

install: .venv/.base .venv/.translations ## what a server needs, into .venv

smoke: .venv/.base .venv/.translations .venv-aws/.installed ## play the whole scenario over HTTP against a throw-away installation; SERVICES=1 as test
	@.venv/bin/python -m companion.local.smoke $(if $(SERVICES),--services)

# All of them: a worker for each processor; each has its part of the files, and takes some from
# another's when it is done. With ARGS as they say: most files end sooner than workers start.
test: .venv/.dev .venv/.translations .venv-aws/.installed ## run all tests, or ARGS="..."; SERVICES=1: on PostgreSQL and Redis
	.venv/bin/python -m $(if $(SERVICES),tests.on_services,pytest) \
	$(or $(ARGS),--numprocesses auto --maxprocesses 8 --dist worksteal)

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
	.venv/bin/cfn-lint accounts/pool/template.yaml deploy/oauth-trace-gateway.yaml deploy/aws/*.yaml
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

load: .venv/.base .venv/.translations ## half an hour of real dialogs at 70 % of capacity, then a spike; MINUTES=3 RATE=200 WORKERS=2
	@.venv/bin/python -m benchmarks.endurance $(if $(MINUTES),--minutes $(MINUTES)) \
	$(if $(RATE),--rate $(RATE)) $(if $(WORKERS),--workers $(WORKERS))

faults: .venv/.base .venv/.translations ## break real servers under a talk, see what people notice; FAULTS="database pool" for some
	@.venv/bin/python -m faults $(FAULTS)

fuzz: .venv/.dev .venv/.fuzz .venv/.translations ## hostile input made by a machine; TARGET="token_text" SECONDS=600, or REPLAY=file
	@.venv/bin/python -m tests.fuzz $(TARGET) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(REPLAY),--replay $(REPLAY))

audit: .venv/.dev ## ask the network whether anything installed has a known weakness
	@failed=0; for file in $(wildcard requirements/*.txt) deploy/uv.txt; do echo "$$file"; \
	said=$$(.venv/bin/pip-audit --disable-pip --require-hashes --strict --progress-spinner off -r $$file 2>&1) \
	|| failed=1; printf '%s\n' "$$said"; case $$said in *"could not be audited"*|*onnect*|*"imed out"*) unknown=1;; esac; \
	done; [ -z "$$unknown" ] || echo "The answers about some packages could not be had: no network, or a mirror" \
	"that has no advisories. That is no finding about them. Ask again where the public index can be reached."; exit $$failed

lock: | $(UV) ## recompile requirements/*.txt from pyproject.toml; UPGRADE=--upgrade for newer versions
	$(COMPILE) $(UPGRADE) -o requirements/base.txt pyproject.toml
	$(COMPILE) $(UPGRADE) --group dev -c requirements/base.txt -o requirements/dev.txt pyproject.toml
	$(COMPILE) $(UPGRADE) -o requirements/local-aws.txt requirements/local-aws.in
	$(COMPILE) $(UPGRADE) -c requirements/base.txt -o requirements/tracing.txt requirements/tracing.in
	$(COMPILE) $(UPGRADE) -o requirements/fuzz.txt requirements/fuzz.in

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

# where there is no wheel of it, fuzzing goes on without being guided
.venv/.fuzz: requirements/fuzz.txt .venv/.dev
	$(INSTALL) --only-binary :all: --python .venv/bin/python -r requirements/fuzz.txt || true
	@touch $@

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
