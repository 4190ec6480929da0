"""The command ``power`` on boards made by hand: which models and scores it finds, and what it says of them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from leaderboard.__main__ import main
from tests.made_runs import Made, good, publish

if TYPE_CHECKING:
    from pathlib import Path

N = 2_500


def records(n_novel: int, start: int = 0) -> list[dict[str, Any]]:
    return [good(f"r{start + number}", in_reference=number >= n_novel) for number in range(N)]


@pytest.fixture(scope="module")
def singles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three models of one run each."""
    root = tmp_path_factory.mktemp("singles")
    for model, n_novel in (("MatterGen", 1_760), ("DiffCSP", 1_655), ("Twin", 1_655)):
        publish(root, Made(model, records(n_novel)))
    return root


@pytest.fixture(scope="module")
def store(singles: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same and one of three runs."""
    root = tmp_path_factory.mktemp("runs") / "store"
    shutil.copytree(singles, root)
    for number, n_novel in enumerate((1_000, 1_050, 1_100)):
        publish(root, Made("Thrice", records(n_novel, start=number), card={"version": "1"}))
    return root


@pytest.fixture
def said(store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:  # noqa: ANN401 - a function of arguments
    def say(*arguments: str, root: Path = store) -> tuple[int, str, str]:
        monkeypatch.setenv("LEADERBOARD_RUNS", str(root))
        code = main(["power", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return say


def test_structures_and_runs_of_two_models_with_one_run_each(said: Any, singles: Path) -> None:  # noqa: ANN401 - as above
    code, out, err = said("mattergen", "DiffCSP", "--score", "novel", root=singles)
    assert (code, err) == (0, "")
    # (1.95996 + 0.84162)^2 (p (1 - p) + q (1 - q)) / 0.042^2 = 1,923.03, with p = 1760.5 / 2501 and q = 1655.5 / 2501
    assert "MatterGen and DiffCSP, Novel against starter: 70.4 and 66.2, 4.2 points apart" in out
    assert "  structures: 1,924 in one run of each model (there are 2,500)" in out
    assert "  runs: 1 of 2,500 structures of each" in out
    assert "The spread between runs of a model is not known" in out


def test_the_spread_between_runs_counts_where_it_is_known(said: Any) -> None:  # noqa: ANN401 - as above
    # that of a third model is the best that is known of these two
    code, out, _ = said("MatterGen", "DiffCSP", "--score", "novel")
    assert code == 0
    # shares of 0.40, 0.42 and 0.44 have a variance of 4e-4, of which drawing 2,500 structures makes 0.42 x 0.58 / 2,500
    assert "Runs of a model spread by 1.74 points beside their structures." in out
    assert "is not known" not in out


def test_the_score_that_ranks_is_the_default(said: Any) -> None:  # noqa: ANN401 - as above
    assert "VUN against starter" in said("MatterGen", "DiffCSP")[1]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["MatterGen", "Nobody"], 1, "no board has both 'MatterGen' and 'Nobody'; its models are: DiffCSP, MatterGen"),
        (["DiffCSP", "Twin", "--score", "novel"], 1, "DiffCSP and Twin have the same Novel: no number of structures"),
        (["DiffCSP", "Twin", "--score", "beauty"], 2, "no score 'beauty' on the board; there are: readable, valid"),
        (["DiffCSP", "Twin", "--reference", "mp"], 2, "no board of the reference 'mp'; there are: starter"),
        (["DiffCSP", "Twin", "--score", "memorized"], 1, "DiffCSP has no memorized with an interval"),
    ],
)
def test_what_it_cannot_answer_is_one_line(said: Any, arguments: list[str], code: int, message: str) -> None:  # noqa: ANN401 - as above
    status, out, err = said(*arguments)
    assert (status, out) == (code, "")
    assert message in err
    assert err.count("\n") == 1
