"""The models of the board in the front matter of the Space's README, and nothing else changed in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import RepoCard
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.__main__ import main
from leaderboard.errors import CommandError
from leaderboard.export.space_readme import with_models
from tests.made_runs import Made, good, publish

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
MODELS = st.lists(st.from_regex(r"[a-z0-9]{1,5}/[A-Za-z0-9]{1,5}", fullmatch=True), unique=True, max_size=4)


def front_matter(readme: str) -> dict[str, object]:
    """As the Hub reads it."""
    content: dict[str, object] = vars(RepoCard(readme).data)
    return content


@given(MODELS, MODELS)
def test_the_hub_reads_the_models_and_all_else_stays(first: list[str], second: list[str]) -> None:
    written = with_models(README, first)
    before = front_matter(README)
    assert front_matter(written) == {**before, **({"models": first} if first else {})}
    assert with_models(written, first) == written
    assert with_models(written, second) == with_models(README, second)
    assert with_models(written, []) == README


@pytest.mark.parametrize(
    "block", ["models: [a/b,\n  c/d]\n", "models:\n- a/b\n- c/d\n", "models:\n  - a/b\n", "models: []\n"]
)
def test_however_it_was_written_before(block: str) -> None:
    before = README.replace("sdk: gradio\n", f"{block}sdk: gradio\n", 1)
    assert with_models(before, ["x/y"]) == with_models(README, ["x/y"])


def test_a_readme_without_front_matter_is_refused() -> None:
    with pytest.raises(CommandError, match="no front matter"):
        with_models("# Title\n", ["a/b"])


def test_the_command_names_approved_models_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for model, hub_model in (("a", "o/b"), ("c", "o/a"), ("d", "o/b"), ("e", None)):
        publish(tmp_path / "runs", Made(model, [good(model)], card={"hub_model": hub_model}))
    monkeypatch.setenv("LEADERBOARD_RUNS", str(tmp_path / "runs"))
    readme = tmp_path / "README.md"
    assert main(["export", "space-readme", "--readme", str(readme)]) == 1
    readme.write_text(README, encoding="utf-8")
    assert main(["export", "space-readme", "--readme", str(readme)]) == 0
    assert front_matter(readme.read_text(encoding="utf-8"))["models"] == ["o/a", "o/b"]
    assert capsys.readouterr().out == f"{readme}: 2 models\n"
