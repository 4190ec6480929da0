"""The bundled energies of the example: all there, and what the potential says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leaderboard.run.cached_energies import import_energies
from metrics.measure.energy.relax_record import Relaxation, SinglePoint
from metrics.measure.energy.relaxation import energies_of, known_energies, processes_of
from metrics.measure.potentials import find
from metrics.measure.running.cache import Cache
from metrics.measure.running.local_engine import LocalEngine
from submissions.examples.energies import FILE, POTENTIALS, example_crystals

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", POTENTIALS)
@pytest.mark.parametrize("settings", [SinglePoint(), Relaxation()], ids=["as submitted", "relaxed"])
def test_every_structure_of_the_example_has_its_energies(
    name: str, settings: SinglePoint | Relaxation, tmp_path: Path
) -> None:
    wanted = {crystal.sha256 for crystal in example_crystals()}
    with Cache(tmp_path / "cache.sqlite") as cache:
        import_energies(FILE, cache)
        assert set(known_energies(wanted, find(name), settings, cache)) == wanted


def test_the_bundled_energies_are_chgnets(tmp_path: Path) -> None:
    chgnet = find("chgnet")
    if (missing := chgnet.missing()) is not None:
        pytest.skip(missing)
    some = example_crystals()[::7]
    with Cache(tmp_path / "bundled.sqlite") as cache:
        import_energies(FILE, cache)
        bundled = known_energies([crystal.sha256 for crystal in some], chgnet, SinglePoint(), cache)
    with LocalEngine(1, processes_of(chgnet)) as engine, Cache(tmp_path / "computed.sqlite") as cache:
        computed = energies_of(
            some, chgnet, SinglePoint(), engine=engine, cache=cache, on_known=lambda _: None, on_done=lambda: None
        )
    assert computed.keys() == bundled.keys()
    for sha256, record in computed.items():
        assert record.status == bundled[sha256].status
        # the tolerance between machines that the potentials state
        assert record.energy_per_atom == pytest.approx(bundled[sha256].energy_per_atom, abs=1e-4)
