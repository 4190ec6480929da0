"""Code to copy for each way into the board, with the address of the site that shows it; a test runs all of it."""

from __future__ import annotations

from typing import NamedTuple


class Snippet(NamedTuple):
    """A block of code under a heading.

    Attributes:
        name: in tests.
        title: heading.
        lead: a sentence or two under it, plain text.
        language: of the code.
        code: with ``{url}`` for the address of the site.

    """

    name: str
    title: str
    lead: str
    language: str
    code: str

    def at(self, url: str) -> str:
        """The code for a site."""
        return self.code.replace("{url}", url)


SNIPPETS = (
    Snippet(
        "client",
        "Python, over HTTP",
        "pip install gradio_client. Every function has types and a description: client.view_api() prints them, and "
        "/gradio_api/info has them as JSON. Unknown is None, a share lies between 0 and 1.",
        "Python",
        """from gradio_client import Client

client = Client("{url}")
board = client.predict(api_name="/table")
best = board["rows"][0]
model = client.predict(best["run"], api_name="/model")
page = client.predict(best["run"], 1, "valid, unique and novel", api_name="/structures")
for structure in page["structures"][:1]:
    cif = client.predict(best["run"], structure["id"], api_name="/structure_cif")
""",
    ),
    Snippet(
        "submit",
        "Submit from Python",
        "A private check, as on the page Submit, with the same limits; publishing stays a step on that page. Where "
        "people sign in to submit, a program needs the cookie of somebody who did.",
        "Python",
        """import time
from gradio_client import Client, handle_file

client = Client("{url}")
checked = client.predict(handle_file("my.zip"), api_name="/validate")
print(checked["n_readable"], "of", checked["n_structures"], "can be read")
job = client.predict(handle_file("my.zip"), "My model", {"version": "1"}, api_name="/submit")
while (status := client.predict(job["job"], api_name="/status"))["state"] in ("queued", "running"):
    time.sleep(2)
print(status["says"], "{url}/" + status["link"])
""",
    ),
    Snippet(
        "curl",
        "curl",
        "POST the values of a function in their order; the answer is the first value of data.",
        "Shell",
        """curl -s {url}/gradio_api/run/table -H 'Content-Type: application/json' \\
  -d '{"data": ["", "vun", "highest first", false, 10]}'
""",
    ),
    Snippet(
        "mcp",
        "Assistants (MCP)",
        "The configuration of an MCP client with streamable HTTP. Its tools read the board, models, structures and the "
        "state of a submission, and check whether a text of structures can be read; none submits or changes anything.",
        "JSON",
        """{
  "mcpServers": {
    "crystal-leaderboard": {
      "url": "{url}/gradio_api/mcp/"
    }
  }
}
""",
    ),
    Snippet(
        "shell",
        "Command line",
        "The same numbers without a server, from a checkout of this repository with its requirements installed.",
        "Shell",
        """python -m leaderboard validate my.zip
python -m leaderboard score my.zip --potentials none --out out
python -m leaderboard table --format csv
""",
    ),
    Snippet(
        "python",
        "Python, without a server",
        "The same numbers in your own process, here without energies; structures are pymatgen Structures or ASE Atoms.",
        "Python",
        """from ase.build import bulk
from leaderboard import score_structures

structures = {"rock salt": bulk("NaCl", "rocksalt", a=5.64), "copper": bulk("Cu", "fcc", a=3.61)}
scores = score_structures(structures, potentials=())
print(scores.structures)
""",
    ),
)
