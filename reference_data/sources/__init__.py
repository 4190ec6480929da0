"""Sources of reference crystals, one file per kind; a set's definition names the kind and its settings.

May import the readers of ``submissions`` and no other room of ``reference_data``.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reference_data.sources.aflow_prototypes import AflowPrototypes
from reference_data.sources.alexandria import Alexandria
from reference_data.sources.elements import Elements
from reference_data.sources.lemat_bulk import LematBulk
from reference_data.sources.materials_project import MaterialsProject
from reference_data.sources.oqmd import Oqmd
from reference_data.sources.structure_table import StructureTable

AnySource = Annotated[
    AflowPrototypes | Alexandria | Elements | LematBulk | MaterialsProject | Oqmd | StructureTable,
    Field(discriminator="kind"),
]
