"""``python -m metrics.measure.potentials [ID]``: which potentials can be loaded here, and why others cannot.

Exit 0 where all that were asked for can, else 1.
"""

from __future__ import annotations

import sys

from metrics.measure.potentials import find, registry


def main(potential_ids: list[str]) -> int:
    """Print one line for each."""
    try:
        chosen = [find(potential_id) for potential_id in potential_ids] or list(registry().values())
    except ValueError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command's message
        return 2
    reasons = {potential.id: potential.missing() for potential in chosen}
    for potential_id, reason in reasons.items():
        print(reason or f"{potential_id}: ready")  # noqa: T201 - a command's result
    return int(any(reasons.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
