# Every target sets up .venv by itself; all that is needed is Python >= 3.11 and make.
#   make test PYTEST_ARGS="-n 2 -k adam"      make bench PYTHON=python3.12
#   make perf PERF_ARGS="limit threads"       make perf PERF_ARGS=--accept
#   make soak SOAK_SECONDS=3600               make test-simd SIMD_PATHS="avx2 newton"

PYTHON ?= python3
# Each process begins with files of its own, so that what the tests of a file share is built once.
PYTEST_ARGS ?= -n 2 --dist worksteal
SOAK_SECONDS ?= 600
PYTHONS ?= python3.11 python3.12 python3.13
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install --quiet -c constraints.txt
READY := $(VENV)/.installed
ORACLES := $(VENV)/.oracles
CUDA := $(VENV)/.cuda
BROWSER := $(VENV)/.browser
RELEASE := $(VENV)/.release
DOCS := $(VENV)/.docs
CUDA_TABLE := .benchmarks/cuda_compiled.jsonl

.DEFAULT_GOAL := install
.PHONY: install bitcode wheel dist test-wheel bench bench-quick bench-full baseline claims test test-browser test-simd soak perf speeds perf-cuda docs \
  drawings calibrate report-picture lint hooks coverage clean \
  conformance conformance-tests conformance-table conformance-update \
  test-cuda cuda-simulated cuda-compiled cuda-device

install: $(READY)

# What holds no author's code, compiled for all processors but the last step: minutes of compiling
# that users are spared. A wheel contains it if it was made; without it everything works.
bitcode: $(READY)
	$(PY) -m optbench.lanes.release

wheel: bitcode
	rm -rf build dist
	$(PY) -m pip --disable-pip-version-check wheel --quiet --no-deps --wheel-dir dist .

# Beside the wheel a source distribution, which builds it and runs the tests.
dist: wheel $(RELEASE)
	$(PY) -m build --sdist .

# Both, in clean environments of several versions of Python, far from the checkout.
test-wheel: dist
	$(PY) -m tests.installed $(PYTHONS)

bench: $(READY)
	$(PY) -m optbench run default

bench-quick: $(READY)
	$(PY) -m optbench run quick

bench-full: $(READY)
	$(PY) -m optbench run full

# What has been run with the code at hand is not run again.
claims: $(READY)
	$(PY) -m optbench run claims --seed 3 --out results/claims
	$(PY) docs/write_claims.py results/claims

# Who changes numbers ends with this: tests compare a tenth of what it writes with the code at hand.
baseline: $(READY)
	$(PY) -m tests.baseline

test: $(READY)
	$(PY) -m pytest $(PYTEST_ARGS)

# Needs a Chromium of the distribution (apt-get install chromium); screenshots go to the folder.
test-browser: $(BROWSER)
	OPTBENCH_SCREENSHOTS=results/screenshots $(PY) -m pytest -m browser $(PYTEST_ARGS) tests/report

# The share of the package that tests run, by room; fails below 90 %. What is compiled is not seen, so
# CUDA's simulator runs the engine as plain Python. After make test it is faster: less is compiled.
coverage: $(CUDA)
	@rm -f .coverage .coverage.*
	$(PY) -m pytest --cov --cov-report= $(PYTEST_ARGS)
	NUMBA_ENABLE_CUDASIM=1 $(PY) -m pytest -m cudasim --cov --cov-append --cov-report= \
	  $(PYTEST_ARGS) tests/devices
	$(PY) -m tests.covered

# What other processors compute, as far as this one can: five minutes a path on two cores.
test-simd: $(READY)
	$(PY) -m tests.paths $(SIMD_PATHS) $(PYTEST_ARGS)

# Compares, and changes nothing; conformance-update writes what was measured into the table.
conformance: conformance-tests conformance-table

conformance-tests: $(ORACLES)
	$(PY) -m pytest -m conformance $(PYTEST_ARGS)

conformance-table: $(ORACLES)
	$(PY) -m tests.rules.matrix

conformance-update: $(ORACLES)
	$(PY) -m tests.rules.matrix --update

# Chooses the levels of the ladders anew, or of those in LADDERS, by what the field does.
calibrate: $(READY)
	$(PY) -m tests.problems.calibrate $(LADDERS)

test-cuda: cuda-simulated cuda-compiled cuda-device

# The simulator is chosen when Numba is imported, so it has a process of its own.
cuda-simulated: $(CUDA)
	NUMBA_ENABLE_CUDASIM=1 $(PY) -m pytest -m cudasim $(PYTEST_ARGS) tests/devices

cuda-compiled: $(CUDA)
	@rm -f $(CUDA_TABLE)
	OPTBENCH_CUDA_TABLE=$(CUDA_TABLE) $(PY) -m pytest -m cudacompile $(PYTEST_ARGS) tests/devices
	@echo "registers, spills and sizes of all kernels: $(CUDA_TABLE)"

cuda-device: $(CUDA)
	@set -e; why="$$($(PY) -c 'from optbench.lanes import devices; print(devices.obstacle() or "")')"; \
	  if [ -n "$$why" ]; then echo "no test runs on a device: $$why"; \
	  else $(PY) -m pytest -m cudadevice -rs tests/devices; fi

soak: $(READY)
	$(PY) -m tests.soak $(SOAK_SECONDS) $(PYTEST_ARGS)

perf: $(ORACLES)
	$(PY) tests/benchmarks/perf.py $(PERF_ARGS)

# The README's table of speeds: half a minute on a machine that does nothing else.
speeds: $(ORACLES)
	$(PY) docs/write_speeds.py

# Without a device this says so and measures nothing.
perf-cuda: $(CUDA) $(ORACLES)
	@if $(PY) -c 'from optbench.lanes import devices; raise SystemExit(devices.obstacle() is not None)'; \
	  then $(PIP) 'jax[cuda13]'; fi
	$(PY) tests/benchmarks/perf_cuda.py

# docs/_build/html/index.html; a warning is an error, and so is one in an example that is executed.
docs: $(DOCS)
	$(PY) -m sphinx -T -W --keep-going -b html docs docs/_build/html

# What is drawn and kept in the tree: the page of the rooms, and the contours of the gallery.
drawings: $(READY)
	$(PY) docs/draw_architecture.py
	$(PY) docs/draw_gallery.py docs/gallery
	$(PY) docs/draw_map.py

# What the README shows: the first screen of a fresh run of the default study; needs a Chromium.
report-picture: $(BROWSER)
	rm -rf results/picture
	$(PY) -m optbench run default --out results/picture
	$(PY) docs/draw_report.py results/picture

# What .pre-commit-config.yaml says, on all files; with hooks, git asks the same before each commit.
lint: $(READY)
	$(PY) -m pre_commit run --all-files --show-diff-on-failure

hooks: $(READY)
	$(PY) -m pre_commit install

clean:
	rm -rf $(VENV) build dist *.egg-info .coverage .pytest_cache .ruff_cache .hypothesis .benchmarks
	rm -rf docs/_build docs/catalog docs/reference docs/project

$(READY): pyproject.toml setup.py constraints.txt
	@command -v $(PYTHON) >/dev/null || { \
	  echo "optbench needs Python 3.11 or newer, and '$(PYTHON)' was not found;" \
	    "name another one: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "optbench needs Python 3.11 or newer, and '$(PYTHON)' is" \
	    "$$($(PYTHON) --version 2>&1); name another one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments: its modules venv and ensurepip are" \
	    "missing (on Debian and Ubuntu: apt install python3-venv)"; exit 1; }
	@echo "setting up $(VENV) (once; some minutes)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -e '.[test,lint]'
	@touch $@
	@echo "compiling what everybody needs, so that no first run waits for it (once; half a minute)"
	@$(PY) -m optbench env --warm || echo "not compiled ahead: runs compile what they need"

$(ORACLES): $(READY)
	@echo "installing torch, JAX, optax and what figures are compared with into $(VENV) (once; some minutes)"
	@$(PIP) -e '.[oracles]'
	@touch $@

$(BROWSER): $(READY)
	@$(PIP) -e '.[browser]'
	@touch $@

$(RELEASE): $(READY)
	@$(PIP) -e '.[release]'
	@touch $@

$(DOCS): $(READY)
	@$(PIP) -e '.[docs]'
	@touch $@

$(CUDA): $(READY)
	@echo "installing numba-cuda and the CUDA 13.0 toolkit into $(VENV) (once; some minutes)"
	@$(PIP) -e '.[cuda]'
	@touch $@
