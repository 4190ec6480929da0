"""Views of the energies: their names, and that energies join records by content."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from leaderboard.run.energies import ENERGIES_SCHEMA, ensemble
from leaderboard.run.energy_views import variant, views
from metrics.table import frame

RECORDS = pa.schema(
    {
        "id": pa.string(),
        "sha256": pa.string(),
        "valid": pa.bool_(),
        "unique": pa.bool_(),
        "duplicate_of": pa.string(),
    }
)


def energies(*rows: dict[str, Any]) -> pd.DataFrame:
    return frame(rows, ENERGIES_SCHEMA)


def row(sha256: str, e_above_hull: float | None, **other: object) -> dict[str, Any]:
    return {
        "sha256": sha256,
        "potential": "chgnet",
        "relaxed": False,
        "status": "ok",
        "energy_convention": "pbe_mp2020",
        "e_above_hull": e_above_hull,
        "formation_energy_per_atom": e_above_hull,
        "n_hull_entries": 20,
        "elements_trusted": True,
        "elements_detail": None,
        **other,
    }


# as the contract of scores.json writes them
@pytest.mark.parametrize(
    ("relaxed", "own_hull", "name"),
    [(False, False, "chgnet/unrelaxed"), (True, False, "chgnet/relaxed"), (True, True, "chgnet/relaxed/own")],
)
def test_names_of_variants(*, relaxed: bool, own_hull: bool, name: str) -> None:
    assert variant("chgnet", relaxed=relaxed, own_hull=own_hull) == name


def test_energies_join_by_content_whatever_the_order_and_how_often() -> None:
    records = frame(
        [{"id": "1", "sha256": "b"}, {"id": "2"}, {"id": "3", "sha256": "a"}, {"id": "4", "sha256": "b"}], RECORDS
    )
    (view,) = views(records, energies(row("a", 0.1), row("b", 0.2)))
    assert view.rows["e_above_hull"].to_list() == [0.2, pd.NA, 0.1, 0.2]
    assert "converged" not in view.available


def standing(records: list[dict[str, Any]], *energies_of: dict[str, Any]) -> dict[str, tuple[bool | None, str | None]]:
    """Whether each record is unique in the view, and whose duplicate it is."""
    (view,) = views(frame(records, RECORDS), energies(*energies_of))
    plain = view.rows[["unique", "duplicate_of"]].astype(object)
    plain = plain.where(plain.notna(), None)
    return dict(zip(view.rows["id"], zip(plain["unique"], plain["duplicate_of"], strict=True), strict=True))


def member(name: str, of: str | None = None, *, valid: bool = True, unique: bool | None = True) -> dict[str, Any]:
    return {"id": name, "sha256": name, "valid": valid, "unique": False if of else unique, "duplicate_of": of}


def test_the_member_lowest_in_energy_stands_for_its_class() -> None:
    records = [member("a"), member("b", "a"), member("c", "a"), member("alone")]
    rows = [row("a", 0.2), row("b", 0.1), row("c", None), row("alone", 0.3)]
    expected = {"a": (False, "b"), "b": (True, None), "c": (False, "b"), "alone": (True, None)}
    assert standing(records, *rows) == expected
    assert standing(records[::-1], *rows) == expected


def test_among_equal_energies_a_valid_one_comes_first_then_content_decides() -> None:
    records = [member("a", valid=False), member("c", "a"), member("b", "a")]
    for energy in (0.1, None):
        rows = [row(name, energy) for name in "abc"]
        assert standing(records, *rows) == {"a": (False, "b"), "b": (True, None), "c": (False, "b")}


def test_who_is_not_certainly_unique_stays_so_whoever_stands_for_the_class() -> None:
    records = [member("a", unique=None), member("b", "a"), {"id": "refused"}]
    expected = {"a": (False, "b"), "b": (None, None), "refused": (None, None)}
    assert standing(records, row("a", 0.2), row("b", 0.1)) == expected


def test_own_is_said_only_beside_a_hull_of_dft_energies() -> None:
    records = frame([{"id": "1", "sha256": "a"}], RECORDS)
    on_own_hull = row("a", 0.1, energy_convention="own:chgnet")
    assert [view.variant for view in views(records, energies(on_own_hull))] == ["chgnet/unrelaxed"]
    both = [view.variant for view in views(records, energies(row("a", 0.2), on_own_hull))]
    assert both == ["chgnet/unrelaxed", "chgnet/unrelaxed/own"]


def test_relaxed_views_come_last_and_say_what_converged() -> None:
    records = frame([{"id": name, "sha256": name} for name in "abc"] + [{"id": "refused"}], RECORDS)
    relaxed = [
        row("a", 0.1, relaxed=True, status="converged", rmsd=0.05),
        row("b", 0.1, relaxed=True, status="step_limit"),
        row("c", None, relaxed=True, status="failed"),
    ]
    views_found = views(records, energies(*relaxed, row("a", 0.3)))
    assert [view.variant for view in views_found] == ["chgnet/unrelaxed", "chgnet/relaxed"]
    assert views_found[1].rows["converged"].to_list() == [True, False, False, pd.NA]


def test_an_ensemble_answers_only_where_every_member_did() -> None:
    members = [
        [row("a", 0.10), row("b", 0.3)],
        [row("a", 0.20, potential="sevennet-0", n_hull_entries=9), row("b", None, potential="sevennet-0")],
    ]
    first, second = ensemble(members, ["chgnet", "sevennet-0"])
    # mean and population standard deviation of 0.10 and 0.20
    assert first["potential"] == "ensemble(chgnet+sevennet-0)"
    assert first["e_above_hull"] == pytest.approx(0.15)
    assert first["e_above_hull_std"] == pytest.approx(0.05)
    assert (first["n_members"], first["n_hull_entries"]) == (2, 9)
    assert second["e_above_hull"] is None
    assert second["detail"] == "no distance by sevennet-0"


@pytest.mark.parametrize(
    ("chgnet", "sevennet", "both"),
    [(True, True, True), (True, None, None), (None, False, False), (True, False, False)],
)
def test_every_member_of_an_ensemble_must_be_near_on_the_elements(
    chgnet: bool | None,  # noqa: FBT001 - a verdict
    sevennet: bool | None,  # noqa: FBT001
    both: bool | None,  # noqa: FBT001
) -> None:
    def member(potential: str, *, trusted: bool | None) -> list[dict[str, Any]]:
        detail = None if trusted else f"W by {potential}"
        return [row("a", 0.1, potential=potential, elements_trusted=trusted, elements_detail=detail)]

    (made,) = ensemble(
        [member("chgnet", trusted=chgnet), member("sevennet-0", trusted=sevennet)], ["chgnet", "sevennet-0"]
    )
    assert made["elements_trusted"] is both
    (view,) = views(frame([{"id": "1", "sha256": "a"}], RECORDS), energies(made))
    assert view.rows["elements_trusted"].to_list() == [pd.NA if both is None else both]
    named = [name for name, trusted in (("chgnet", chgnet), ("sevennet-0", sevennet)) if not trusted]
    assert made["elements_detail"] == ("; ".join(f"{name}: W by {name}" for name in named) or None)
