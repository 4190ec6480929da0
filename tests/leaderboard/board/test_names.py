"""What is stored under a short name is read in the field's words, and every stored name has such words."""

from __future__ import annotations

import pytest

from leaderboard.board.names import crystal_name, hull_name, potential_name, score_name, view_name
from leaderboard.run.energy_views import variant
from metrics.energy_convention import DFT_CONVENTIONS, OWN
from metrics.measure.potentials import registry as potentials
from metrics.score import registry as scores
from reference_data.reference import open_reference


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ("chgnet/unrelaxed", "CHGNet, as submitted"),
        ("sevennet-0/relaxed", "SevenNet-0, relaxed"),
        ("chgnet/unrelaxed/own", "CHGNet, as submitted, CHGNet hull"),
        ("chgnet/unrelaxed/calibrated", "CHGNet, as submitted, calibrated"),
        ("ensemble(chgnet+sevennet-0)/unrelaxed", "ensemble of CHGNet and SevenNet-0, as submitted"),
        ("ensemble(chgnet+emt+orb-v3)/relaxed", "ensemble of CHGNet, EMT and Orb v3, relaxed"),
        ("left-the-code/unrelaxed", "left-the-code, as submitted"),
    ],
)
def test_an_energy_view_is_named_in_words(stored: str, words: str) -> None:
    assert view_name(stored) == words


@pytest.mark.parametrize("potential", potentials().values(), ids=lambda potential: potential.id)
@pytest.mark.parametrize(("relaxed", "own_hull"), [(False, False), (True, False), (True, True)])
def test_no_stored_name_of_a_view_is_left_in_its_words(potential: object, *, relaxed: bool, own_hull: bool) -> None:
    identifier = str(potential.id)  # type: ignore[attr-defined]
    words = view_name(variant(identifier, relaxed=relaxed, own_hull=own_hull))
    assert words.startswith(potential_name(identifier))
    assert not {"/", "_", ":"} & set(words)
    assert "unrelaxed" not in words


def test_names_of_potentials_differ_from_each_other() -> None:
    assert len({potential.label for potential in potentials().values()}) == len(potentials())


def test_a_hull_is_named_by_its_energies() -> None:
    assert hull_name("own:chgnet") == "CHGNet hull"
    assert hull_name("toy") == "toy hull"
    names = {hull_name(convention) for convention in (*DFT_CONVENTIONS, *(f"{OWN}{name}" for name in potentials()))}
    assert len(names) == len(DFT_CONVENTIONS) + len(potentials())
    assert not any("_" in name or OWN in name for name in names)


def test_a_score_of_an_energy_view_names_it() -> None:
    label = scores()["stable"].label
    assert score_name("stable") == label
    assert score_name("stable", "chgnet/relaxed") == f"{label} (CHGNet, relaxed)"
    assert score_name("left_the_code") == "left_the_code"


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("known-yttrium-fluoride-ErF3", "ErF3 (yttrium fluoride type)"),
        ("aflow-A2B_tP6_136_f_a-TiO2", "TiO2 (A2B_tP6_136_f_a type)"),
        ("element-Ti-hcp", "Ti (hcp)"),
        ("mp-22865", "mp-22865"),
        ("agm002141111", "agm002141111"),
    ],
)
def test_a_reference_crystal_is_named_by_formula_and_structure_type(identifier: str, name: str) -> None:
    assert crystal_name(identifier) == name


def test_the_starter_set_has_a_readable_name_for_every_crystal() -> None:
    reference = open_reference("starter")
    for crystal in reference.crystals(range(0, reference.n_crystals, 37)):
        name = crystal_name(crystal.id)
        formula, _, rest = name.partition(" (")
        assert rest.endswith(")"), crystal.id
        assert formula[0].isupper()
