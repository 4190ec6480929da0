"""The compiled rounds of hashing are those of hashlib."""

from __future__ import annotations

from hashlib import blake2b

from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.measure.fingerprint.label_rounds import notes_of_rounds

# few distinct beginnings, so that some labels differ only in their last characters
LABELS = st.builds(
    lambda head, tail: head * 8 + tail.hex(), st.sampled_from(["00", "0f", "f0"]), st.binary(min_size=8, max_size=8)
)


def by_hashlib(labels: list[str], successors: list[list[int]]) -> list[str]:
    messages = [
        label + "".join(sorted(labels[at] for at in of_label))
        for label, of_label in zip(labels, successors, strict=True)
    ]
    return [blake2b(message.encode(), digest_size=16).hexdigest() for message in messages]


@settings(deadline=None)
@given(st.lists(LABELS, min_size=1, max_size=12, unique=True), st.data())
def test_rounds_are_those_of_hashlib(labels: list[str], data: st.DataObject) -> None:
    # up to 17 successors: messages of one to five blocks, whole ones among them
    numbers = st.lists(st.integers(0, len(labels) - 1), max_size=17)
    successors = data.draw(st.lists(numbers, min_size=len(labels), max_size=len(labels)))
    sizes = data.draw(st.lists(st.integers(0, 10**12), min_size=len(labels), max_size=len(labels)))
    notes, after = [], labels
    for _ in range(3):
        after = by_hashlib(after, successors)
        notes += sorted(zip(after, sizes, strict=True))
    assert f"({notes_of_rounds(labels, successors, sizes, 3)})" == str(tuple(notes))
