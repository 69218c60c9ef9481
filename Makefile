# SPDX-License-Identifier: Apache-2.0
# `make run` and `make test` set up all they need on a fresh machine: a virtual environment here, and, as root on
# Debian, the packages that the tests use.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
STATE ?= .state
ARGUMENTS ?=
MUTATED ?=
# A file's tests stay together, so that what they share is made once.
PARALLEL := -n auto --dist loadfile

.PHONY: run test lint types unit contract e2e lab oldest boaviztapi bench mutation fix golden docs validate fit-power screenshot package system clean

run: $(READY)
	$(BIN)/wattprint run --state $(STATE) $(ARGUMENTS)

# The environments of other versions are downloaded while the code is looked through.
test: system $(READY)
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint types .venv-oldest/.ready boaviztapi
	$(BIN)/python -m pytest $(PARALLEL) tests/unit tests/contract
	$(MAKE) --no-print-directory e2e oldest

# The environment is made anew whenever the dependencies change.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || sh packaging/install-venv.sh
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

system:
	@sh tests/install-system-packages.sh

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/codespell

types: $(READY)
	$(BIN)/mypy
	$(BIN)/mypy tests/contract/data/new_source

# Without the tests that take long; `make test` runs those, too.
unit: $(READY)
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow" tests/unit

contract: $(READY)
	$(BIN)/python -m pytest $(PARALLEL) tests/contract

e2e: $(READY)
	$(BIN)/python -m pytest -n auto tests/e2e

# The installed agent in a QEMU guest whose counters, ACPI meter and BMC show a known power; see tests/lab/README.md.
lab: $(READY)
	@sh tests/lab/install-packages.sh
	$(BIN)/python -m pytest -s tests/lab

# The oldest versions that are promised: what Debian 12 ships.
oldest: .venv-oldest/.ready
	.venv-oldest/bin/python -m pytest -q -p no:cacheprovider $(PARALLEL) tests/unit tests/contract

.venv-oldest/.ready: pyproject.toml tests/oldest-versions.txt
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet --editable . --requirement tests/oldest-versions.txt
	touch $@

# The program that the profile `boavizta` is compared with, in an environment of its own; the test makes it, too, and
# skips where that fails.
boaviztapi:
	-@$(MAKE) --no-print-directory .venv-boaviztapi/.ready

.venv-boaviztapi/.ready: tests/boaviztapi-versions.txt
	$(PYTHON) -m venv .venv-boaviztapi
	.venv-boaviztapi/bin/python -m pip install --quiet --requirement tests/boaviztapi-versions.txt
	touch $@

# BEFORE=COMMIT also compares a tick with that version, in the same run.
bench: $(READY)
	BEFORE=$(BEFORE) $(BIN)/python -m pytest -s tests/benchmarks

# Changes one small thing at a time in the modules that figures depend on, and runs the tests that ought to notice:
# writes docs/mutation.md. MUTATED names some of them: "make mutation MUTATED='ledger rapl'".
mutation: $(READY)
	$(BIN)/python tests/mutation/mutate.py $(MUTATED)

fix: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Rewrites the composed machines and what all are compared with; read the difference before you commit it.
golden: $(READY)
	$(BIN)/python tests/compose_hosts.py
	$(BIN)/python -m pytest -q tests/contract/test_golden.py --rewrite-golden

docs: $(READY)
	$(BIN)/python docs/generate.py

# Predicts every published footprint without its own family: docs/embodied-validation.md and its plot; and published power
# of servers, where the three collections are at hand that docs/power_results.py names: docs/power-validation.md.
validate: $(READY)
	$(BIN)/python docs/validate.py
	@if [ -n "$(SPECPOWER)" ] && [ -n "$(NEWER)" ] && [ -n "$(ROME)" ]; \
	then $(BIN)/python docs/validate_power.py "$(SPECPOWER)" "$(NEWER)" "$(ROME)"; \
	else echo "docs/power-validation.md stays as it is: give SPECPOWER=CLONE NEWER=CLONE ROME=CLONE, see docs/power_results.py"; fi

# Fits the load model to the same collections: impacts/data/wattprint-load-model/factors.csv.
fit-power: $(READY)
	$(BIN)/python docs/fit_power.py "$(SPECPOWER)" "$(NEWER)"

screenshot: $(READY)
	sh docs/screenshot.sh

package: $(READY)
	$(BIN)/python -m build --wheel --outdir dist .

clean:
	rm -rf .venv .venv-oldest .venv-boaviztapi build dist *.egg-info
