"""LeMat-GenBench's verdicts on 300 real crystals (shared data), and the settings that switch its choices on."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from metrics.measure.chemistry.supply_risk import SupplyRiskSettings
from metrics.measure.structure.plausibility import DistanceSettings, PlausibleSettings
from tests.metrics.measure.fingerprint_crystals import lemat_cifs, parsed, shared

if TYPE_CHECKING:
    from metrics.crystal import Crystal

# an atom's own periodic images are skipped there
DISTANCE = DistanceSettings(self_images=False)
# the cell as given is judged there, not the primitive one
PLAUSIBLE = PlausibleSettings(cell="as_given")
# elements without a value count as 0 or 10 there
SUPPLY_RISK = SupplyRiskSettings(without_value="zero_or_ten")

RULE_NAMES = {
    "bvs0": "bvs_zero",
    "icsd_guess": "icsd_states",
    "en_corr": "all_states",
    "invalid": "none",
    "bvanalyzer(184 s)": "bvanalyzer",
}


@cache
def recorded() -> pd.DataFrame:
    """One row per crystal: source, file, verdicts, the rule that decided on the charge (by our names), indices."""
    return pd.read_csv(shared("oracles/genbench_per_structure.csv")).replace({"charge_rule": RULE_NAMES})


@cache
def crystals() -> tuple[Crystal, ...]:
    """The crystals of the rows."""
    cifs = {source: lemat_cifs(source) for source in recorded()["source"].unique()}
    both = recorded()[["source", "file"]].itertuples(index=False, name=None)
    return tuple(parsed(cifs[source][file]) for source, file in both)
