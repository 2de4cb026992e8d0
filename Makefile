# Every target sets up .venv by itself; all that is needed is Python >= 3.11 and make.
#   make test PYTEST_ARGS="-n 2 -k adam"      make bench PYTHON=python3.12
#   make perf PERF_ARGS="limit threads"       make perf PERF_ARGS=--accept
#   make soak SOAK_SECONDS=3600               make test-simd SIMD_PATHS="avx2 newton"

PYTHON ?= python3
# Each process begins with files of its own, so that what the tests of a file share is built once.
PYTEST_ARGS ?= -n 2 --dist worksteal
SOAK_SECONDS ?= 600
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install --quiet -c constraints.txt
READY := $(VENV)/.installed
ORACLES := $(VENV)/.oracles
CUDA := $(VENV)/.cuda
BROWSER := $(VENV)/.browser
CUDA_TABLE := .benchmarks/cuda_compiled.jsonl

.DEFAULT_GOAL := install
.PHONY: install bitcode wheel bench bench-quick bench-full baseline claims test test-browser test-simd soak perf perf-cuda docs \
  lint clean \
  conformance conformance-tests conformance-table conformance-update \
  test-cuda cuda-simulated cuda-compiled cuda-device

install: $(READY)

# What holds no author's code, compiled for all processors but the last step: minutes of compiling
# that users are spared. A wheel contains it if it was made; without it everything works.
bitcode: $(READY)
	$(PY) -m optbench.lanes.release

wheel: bitcode
	rm -rf build
	$(PY) -m pip --disable-pip-version-check wheel --quiet --no-deps --wheel-dir dist .

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

# Without a device this says so and measures nothing.
perf-cuda: $(CUDA) $(ORACLES)
	@if $(PY) -c 'from optbench.lanes import devices; raise SystemExit(devices.obstacle() is not None)'; \
	  then $(PIP) 'jax[cuda13]'; fi
	$(PY) tests/benchmarks/perf_cuda.py

docs: $(READY)
	$(PY) docs/draw_architecture.py
	$(PY) docs/draw_gallery.py docs/gallery
	$(PY) docs/draw_map.py

lint: $(READY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis .benchmarks

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

$(CUDA): $(READY)
	@echo "installing numba-cuda and the CUDA 13.0 toolkit into $(VENV) (once; some minutes)"
	@$(PIP) -e '.[cuda]'
	@touch $@
