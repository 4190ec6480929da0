"""Look through a file without reading its structures: ``python -m submissions FILE``.

Prints one line of JSON: what is found and what is ignored, or why the file is refused.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from submissions.read import Contents, split
from submissions.refusal import FileRefusedError


def main(path: Path) -> None:
    """Print ``{"summary", "refusal"}``, one of them null."""
    contents = Contents()
    summary = refusal = None
    try:
        summary = contents.summary(sum(1 for _ in split(path, contents=contents)))
    except FileRefusedError as error:
        refusal = str(error)
    sys.stdout.write(json.dumps({"summary": summary, "refusal": refusal}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
