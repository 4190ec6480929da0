"""Sources of reference crystals, one file per kind; a set's definition names the kind and its settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reference_data.sources.aflow_prototypes import AflowPrototypes
from reference_data.sources.cif_table import CifTable
from reference_data.sources.elements import Elements

AnySource = Annotated[AflowPrototypes | CifTable | Elements, Field(discriminator="kind")]
