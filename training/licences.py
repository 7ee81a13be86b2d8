"""Which items of the data may be used commercially, by the licence that their manifest names."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

Licences = Literal["all", "commercial"]
"""Every item, or only those whose licence allows commercial use."""

LICENCES: tuple[Licences, ...] = get_args(Licences)

COMMERCIAL = frozenset(
    {
        "CC BY 2.0",
        "CC BY-SA 2.0",
        "CC BY-ND 2.0",
        "CC0 / Unsplash",
        "elementary wallpapers: CC BY / Unsplash / Pexels",
        "no known restrictions",
    }
)
"""The licences that allow it. What is not listed does not: NC, and terms that nobody stated."""


def is_admitted(row: Mapping[str, Any], licences: Licences) -> bool:
    """Tell whether an item may be used, by its row in the manifest.

    A row without `licence` belongs to a folder that has one licence for all its items
    (docs/data-card.md): Apache-2.0, CC0, MIT, all of which allow commercial use.
    """
    return licences == "all" or row.get("licence") is None or row["licence"] in COMMERCIAL
