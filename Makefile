# make run: the board with the example submission on http://127.0.0.1:7860. make test: everything that is checked.
# make stability: what energies need, on top of that. make check: what can be checked without torch, in a fraction of
# the time and of the disk: enough for a change of a page, a score or a format.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
# a file's tests in one process and in order: what they share, such as a server, a scored run or a fit, is made once
PYTEST := $(PYTEST) --dist loadfile --no-loadscope-reorder

.PHONY: run stability baselines lint format docs pictures check test test-all laws fuzz coverage bench soak soak-reading lock

run: .venv/app
	$(BIN)/python -m leaderboard cache import submissions/examples/energies.jsonl.gz
	$(BIN)/python -m leaderboard score submissions/examples/example.zip --relax --card submissions/cards/example.toml --publish
	$(BIN)/python -m leaderboard baseline --publish-bundled
	$(BIN)/python -m leaderboard published --publish-bundled
	$(BIN)/python app.py

stability: .venv/stability

# makes the runs of all baselines and controls again, hours on a few cores; interrupted, it resumes when given again
baselines: .venv/dev
	$(BIN)/python -m leaderboard.baselines

lint: .venv/check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy . .ci/write_commit.py

format: .venv/check
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/app
	$(BIN)/python -m leaderboard docs

# the README's picture; `python -m tests.pictures --all FOLDER` takes one of every page
pictures: .venv/dev
	$(BIN)/python -m tests.pictures

check: lint
	$(PYTEST)

test: .venv/dev lint
	$(PYTEST)

test-all: test

# with examples of the laws that no run has seen; a failure belongs into @example
laws: .venv/dev
	$(PYTEST) --hypothesis-profile=search

# every reader on files that are changed at random: SECONDS for each, from SEED
SECONDS ?= 120
SEED ?= 0
fuzz: .venv/check
	$(BIN)/python -m tests.fuzz_readers $(SECONDS) $(SEED)

# the hostile files that are too large for the tests: each ends within its bounds of time and memory
soak-reading: .venv/check
	$(BIN)/python -m tests.submissions.hostile.giants

coverage: .venv/dev
	$(PYTEST) --cov --cov-report=html --cov-report=term:skip-covered

load: .venv/dev
	$(BIN)/python -m tests.load

bench: .venv/dev
	$(BIN)/python -m tests.bench

# app and scoring process are killed again and again while files come, and many come at once; takes half an hour
soak: .venv/check
	$(BIN)/python -m tests.soak

# writes requirements*.txt from pyproject.toml: pins stay where they fit, UPGRADE=--upgrade takes the newest
PIN = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate \
	--custom-compile-command "make lock" pyproject.toml
lock: .venv/check
	$(PIN) $(UPGRADE) --extra stability --output-file requirements-stability.txt
	$(PIN) --constraints requirements-stability.txt --output-file requirements.txt
	$(PIN) --constraints requirements-stability.txt --extra baselines --output-file requirements-baselines.txt
	$(PIN) --constraints requirements-stability.txt --extra cluster --output-file requirements-cluster.txt
	$(PIN) --constraints requirements-stability.txt --group dev --output-file requirements-dev.txt
	@echo 'a Space installs these with its own in one go:'
	printf '%s\n' 'gradio[oauth,mcp]' 'uvicorn>=0.14.0' 'websockets>=10.4' spaces | \
		$(BIN)/uv pip compile --quiet --python-version 3.11 --constraints requirements.txt - >/dev/null

.venv/app: requirements.txt
	@$(PYTHON) -c 'import sys; v = sys.version.split()[0]; \
		sys.version_info < (3, 11) and sys.exit("needs Python 3.11 or newer; $(PYTHON) is " + v + ": make PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet -r requirements.txt
	touch $@

.venv/stability: .venv/app requirements-stability.txt
	$(BIN)/pip install --quiet -r requirements-stability.txt
	touch $@

.venv/baselines: .venv/app requirements-baselines.txt
	$(BIN)/pip install --quiet -r requirements-baselines.txt
	touch $@

.venv/check: .venv/app requirements-dev.txt
	$(BIN)/pip install --quiet -r requirements-dev.txt
	touch $@

.venv/dev: .venv/stability .venv/baselines .venv/check
	touch $@
