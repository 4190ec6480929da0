"""The options that say where a command measures: what goes together, and what is said of the rest."""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from metrics.measure.running.choice import EngineChoice, add_engine_options, parsed
from metrics.measure.running.engine import EngineError, ProcessSettings
from metrics.measure.running.local_engine import LocalEngine

ROOT = Path(__file__).parents[4]
SCHEDULER = "tcp://10.0.0.1:8786"


def choice(*arguments: str) -> EngineChoice:
    parser = argparse.ArgumentParser()
    add_engine_options(parser, int)
    where: EngineChoice = parsed(parser, arguments).where
    return where


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), EngineChoice()),
        (("--jobs", "3"), EngineChoice(jobs=3)),
        (("--engine", "dask", "--scheduler", SCHEDULER), EngineChoice(scheduler=SCHEDULER)),
        (("--engine", "dask", "--scheduler", SCHEDULER, "--gpu"), EngineChoice(scheduler=SCHEDULER, gpu=True)),
    ],
)
def test_options_make_a_choice(
    arguments: tuple[str, ...], expected: EngineChoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metrics.measure.running.choice.find_spec", lambda _: "installed")
    assert choice(*arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scheduler", SCHEDULER), "--scheduler goes with --engine dask only"),
        (("--scheduler", "", "--jobs", "2"), "--scheduler goes with --engine dask only"),
        (("--engine", "dask", "--scheduler", ""), "needs the address of a scheduler"),
        (("--gpu",), "--gpu goes with --engine dask only"),
        (("--engine", "dask"), "needs the address of a scheduler: --scheduler tcp://HOST:8786"),
        (("--engine", "dask", "--scheduler", SCHEDULER, "--jobs", "2"), "--jobs goes with --engine local only"),
        (("--engine", "slurm"), "invalid choice: 'slurm'"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        choice(*arguments)
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


def test_without_the_package_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        "metrics.measure.running.choice.find_spec", lambda name: None if name == "distributed" else find_spec(name)
    )
    with pytest.raises(SystemExit):
        choice("--engine", "dask", "--scheduler", SCHEDULER)
    assert "pip install 'crystal-leaderboard[cluster]'" in capsys.readouterr().err
    with pytest.raises(EngineError, match=r"pip install 'crystal-leaderboard\[cluster\]'"):
        EngineChoice(scheduler=SCHEDULER).start(ProcessSettings())


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"jobs": 2, "scheduler": SCHEDULER},
            f"jobs=2 are processes of this machine; workers at {SCHEDULER} have theirs",
        ),
        ({"scheduler": " "}, "scheduler=' ' is no address, such as tcp://10.0.0.1:8786"),
        ({"gpu": True}, "gpu=True needs the address of a cluster's scheduler: scheduler='tcp://HOST:8786'"),
    ],
)
def test_a_choice_that_contradicts_itself_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        EngineChoice(**fields)


def test_by_default_a_process_for_each_usable_core() -> None:
    with EngineChoice().start(ProcessSettings()) as engine:
        assert isinstance(engine, LocalEngine)
        assert engine.jobs == len(os.sched_getaffinity(0))


@pytest.mark.parametrize("module", ["leaderboard", "reference_data"])
def test_the_help_loads_neither_the_package_of_clusters_nor_what_measures(module: str) -> None:
    code = f"import sys\nfrom {module}.__main__ import main\ntry: main(['--help'])\nfinally: print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert "metrics" in loaded
    assert not {"distributed", "dask", "torch", "pymatgen"} & loaded
