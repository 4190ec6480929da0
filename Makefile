# make run: the board with the example submission on http://127.0.0.1:7860. make test: everything that is checked.
# make stability: what energies need, on top of that.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: run stability test bench

run: .venv/app
	$(BIN)/python -m leaderboard cache import submissions/examples/energies.jsonl.gz
	$(BIN)/python -m leaderboard score submissions/examples/example.zip --relax --card submissions/cards/example.toml --publish
	$(BIN)/python app.py

stability: .venv/stability

test: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/pytest -n 2

bench: .venv/dev
	$(BIN)/python -m tests.bench

.venv/app: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet -r requirements.txt
	touch $@

.venv/stability: .venv/app requirements-stability.txt
	$(BIN)/pip install --quiet -r requirements-stability.txt
	touch $@

.venv/dev: .venv/stability requirements-dev.txt
	$(BIN)/pip install --quiet -r requirements-dev.txt
	touch $@
