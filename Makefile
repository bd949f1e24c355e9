# `make` alone runs the site. Each target brings .venv up to date first. PYTHON=python3.12 makes it with another Python,
# TESTS=tests/views runs a part of the tests.
PYTHON = python3
.PHONY: run test quick hooks lint bench bench-search bench-paint bench-import bench-uploads bench-backup bench-load faults cluster cluster-faults fuzz sbom screenshots translations requirements

run: .venv/.run ; @.venv/bin/python application.py --end-with-parent

# COVER=--cov also says how many lines and branches of flyleaf/ the tests run; the least that passes is in pyproject.toml.
test: .venv/.test ; .venv/bin/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(COVER) $(TESTS)

# Without what is marked `slow`: CONTRIBUTING.md says what that is.
quick: .venv/.test ; .venv/bin/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "not slow" $(TESTS)

# Check each commit as `make lint` does.
hooks: .venv/.test ; .venv/bin/pre-commit install

lint: .venv/.test ; .venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/bandit -q -c pyproject.toml -r flyleaf application.py import.py

bench: .venv/.test ; .venv/bin/python -m benchmarks

bench-search: .venv/.test ; .venv/bin/python -m benchmarks.search

bench-paint: .venv/.test ; .venv/bin/python -m benchmarks.paint

bench-import: .venv/.test ; .venv/bin/python -m benchmarks.importing

bench-uploads: .venv/.test ; .venv/bin/python -m benchmarks.uploads

bench-backup: .venv/.test ; .venv/bin/python -m benchmarks.backup

bench-load: .venv/.test ; .venv/bin/python -m benchmarks.mix

faults: .venv/.test ; .venv/bin/python -m faults

# The site on a cluster of this one machine; needs HAProxy, PgBouncer, Patroni, etcd and Redis: docs/cluster.md.
cluster: .venv/.test ; @.venv/bin/python -m cluster

cluster-faults: .venv/.test ; .venv/bin/python -m cluster.faults

fuzz: .venv/.test ; .venv/bin/python -m pytest -n 3 --show-capture=no tests/fuzz --hypothesis-profile=long

sbom: .venv/.test
	mkdir -p build && .venv/bin/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml --output-reproducible -o build/sbom.json

screenshots: .venv/.test ; .venv/bin/python -m scripts.screenshots

translations: .venv/.test ; .venv/bin/python -m scripts.translations

requirements: .venv/.test
	for name in requirements requirements-dev; do .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate $$name.in -o $$name.txt || exit; done

.venv/.run: requirements.txt .venv/bin/pip ; .venv/bin/pip install --quiet --disable-pip-version-check -r $< && touch $@

.venv/.test: requirements-dev.txt .venv/bin/pip ; .venv/bin/pip install --quiet --disable-pip-version-check -r $< && touch $@

.venv/bin/pip:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON): install Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { echo "Flyleaf needs Python 3.11 or newer, and $$($(PYTHON) -V 2>&1) is older: make run PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c "import ensurepip, venv" 2>/dev/null || { echo "$(PYTHON) lacks venv: install it (Debian, Ubuntu: apt install python3-venv)." >&2; exit 1; }
	$(PYTHON) -m venv .venv
