# What each command needs is set up by it: Python 3.11, a Rust toolchain and the package registries are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find rust -name '*.rs' -o -name Cargo.toml) Cargo.toml Cargo.lock pyproject.toml

.PHONY: england test lint compare bench golden wheel clean

# All of England, 2025: 1,000 years, a ceiling of £20,000; results in out/.
england: $(VENV)/package
	$(BIN)/fundholder england --year 2025 --replications 1000 --ceiling 20000 --out out

test: $(VENV)/test
	cargo test --workspace --exclude fundholder-python --locked --quiet
	$(BIN)/pytest -q

lint: $(VENV)/test $(VENV)/lint
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest fundholder._engine --mypy-config-file pyproject.toml

# fundholder beside its peers, on the same people in one run.
compare: $(VENV)/compare
	$(BIN)/python benches/compare.py
	$(BIN)/python benches/compare_fit.py

bench: $(VENV)/test
	cargo bench --workspace --exclude fundholder-python --locked
	$(BIN)/pytest benches --benchmark-only -q

# The golden values of distributions and special functions, by mpmath; a minute.
golden: $(VENV)/golden
	$(BIN)/python tools/golden_severity.py

wheel: $(VENV)/pip
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) target dist out

$(VENV)/pip:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/package: $(VENV)/pip $(SOURCES)
	$(BIN)/pip install --quiet --editable .
	touch $@

# After the package, but not again after each change of it.
$(VENV)/%: pyproject.toml | $(VENV)/package
	$(BIN)/pip install --quiet --editable '.[$*]'
	touch $@
