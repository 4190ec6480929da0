"""Digest of a periodic bond net that no change of cell, order, origin or orientation touches.

1. Bonds: a pair of sites i, j (an image of j) whose reduced length is below the cut of the element of i *or* of j.
2. Label of a site: its coordination sequence by element, the number of distinct atoms of the infinite net at graph
   distance 1 to 4, found by breadth-first search over (site, image). Weisfeiler-Lehman refinement cannot see rings
   (all four-connected silica nets are one class); coordination sequences can.
3. Four rounds of Weisfeiler-Lehman refinement, neighbours counted with the multiplicity of their images.
4. Histogram of the labels, counts divided by their greatest common divisor: a supercell has the same.

Hashing, fixed so that digests agree on every machine: ``mix`` is the output function of splitmix64 (Steele, Lea and
Flood 2014, doi:10.1145/2660193.2660195): ``z = x + 0x9E3779B97F4A7C15``, ``z = (z ^ z >> 30) 0xBF58476D1CE4E5B9``,
``z = (z ^ z >> 27) 0x94D049BB133111EB``, ``z ^ z >> 31``, all modulo 2^64. A first label folds ``h <- mix(h ^ v)`` from
h = 0 over v = the atomic number, then the counts, by shell and within it by rising atomic number of all elements of the
crystal. A round is ``h_i <- mix(h_i ^ mix(sum over bonds of mix(h_j)))``. The digest is blake2b with 16 bytes over the
(label, count) pairs in rising order of the label, each number as 8 little-endian bytes, in hexadecimal.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from metrics.measure import UnmeasurableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from metrics.measure.fingerprint.bond_cuts import Surroundings

SHELLS = 4
ROUNDS = 4
DIGEST_BYTES = 16
IMAGE_RANGE = 1 << 14
"""Images up to half of this many cells away along each axis are told apart."""
MAX_VISITS = 30_000_000
"""Bound on the bonds followed for one net, about two seconds; 1,000 sites with 12 bonds each need 2 million."""


def net_digest(around: Surroundings, cuts: NDArray[np.float64]) -> str:
    """Hexadecimal digest (32 digits) of the net that the cuts (k,) of the elements draw.

    Raises:
        UnmeasurableError: the net is so dense, or its images so far away, that the bounds are passed.

    """
    start, site, image = _bonds(
        around.near.start, around.near.site, around.near.image, around.length, around.kinds, cuts
    )
    # a bond cannot reach farther than this, nor a walk of four
    if 2 * SHELLS * int(np.abs(image).max()) >= IMAGE_RANGE:
        reason = f"bonds reach {np.abs(image).max()} cells away, {IMAGE_RANGE // (2 * SHELLS)} is the bound"
        raise UnmeasurableError(reason)
    counts, finished = _coordination_sequences(start, site, image, around.kinds, len(around.elements))
    if not finished:
        reason = f"the bond net is too dense: more than {MAX_VISITS:.0e} bonds within {SHELLS} steps of its sites"
        raise UnmeasurableError(reason)
    labels = _labels(counts, around.elements[around.kinds], start, site)
    values, sizes = np.unique(labels, return_counts=True)
    histogram = np.stack([values, (sizes // np.gcd.reduce(sizes)).astype(np.uint64)], axis=1)
    return blake2b(histogram.astype("<u8").tobytes(), digest_size=DIGEST_BYTES).hexdigest()


@njit(cache=True)
def _bonds(
    start: NDArray[np.int64],
    site: NDArray[np.int32],
    image: NDArray[np.int32],
    length: NDArray[np.float64],
    kinds: NDArray[np.int64],
    cuts: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Neighbour lists of the net: every bond once from each of its ends."""
    n_sites = len(kinds)
    degree = np.zeros(n_sites + 1, np.int64)
    for fill in range(2):
        if fill == 1:
            ends = np.cumsum(degree)
            place = ends.copy()
            bonded = np.empty(ends[-1], np.int64)
            where = np.empty((ends[-1], 3), np.int64)
        for i in range(n_sites):
            cut = cuts[kinds[i]]
            for at in range(start[i], start[i + 1]):
                if length[at] >= cut:
                    continue
                j = site[at]
                # the list of j holds this bond too only if it is within the cut of j
                one_sided = length[at] >= cuts[kinds[j]]
                if fill == 0:
                    degree[i + 1] += 1
                    degree[j + 1] += one_sided
                    continue
                bonded[place[i]] = j
                for axis in range(3):
                    where[place[i], axis] = image[at, axis]
                place[i] += 1
                if one_sided:
                    bonded[place[j]] = i
                    for axis in range(3):
                        where[place[j], axis] = -image[at, axis]
                    place[j] += 1
    return ends, bonded, where


@njit(cache=True)
def _coordination_sequences(
    start: NDArray[np.int64], site: NDArray[np.int64], image: NDArray[np.int64], kinds: NDArray[np.int64], n_kinds: int
) -> tuple[NDArray[np.int64], bool]:
    """(n, 4 * n_kinds) numbers of atoms by shell and element; False where the bound on the work is passed."""
    n_sites = len(kinds)
    counts = np.zeros((n_sites, SHELLS * n_kinds), np.int64)
    step = np.empty(len(site), np.int64)
    for at in range(len(site)):
        step[at] = (image[at, 0] * IMAGE_RANGE + image[at, 1]) * IMAGE_RANGE + image[at, 2]
    origin = ((IMAGE_RANGE // 2) * IMAGE_RANGE + IMAGE_RANGE // 2) * IMAGE_RANGE + IMAGE_RANGE // 2
    # open addressing; an entry counts only if stamped with the present centre
    size = 1024
    table_cell = np.empty(size, np.int64)
    table_site = np.empty(size, np.int64)
    stamp = np.full(size, -1)
    seen_site = np.empty(size // 2, np.int64)
    seen_cell = np.empty(size // 2, np.int64)
    visits = 0
    for centre in range(n_sites):
        seen_site[0] = centre
        seen_cell[0] = origin
        _enter(table_site, table_cell, stamp, centre, origin, centre)
        n_seen = 1
        done = 0
        for shell in range(SHELLS):
            shell_end = n_seen
            for member in range(done, shell_end):
                i = seen_site[member]
                cell = seen_cell[member]
                visits += start[i + 1] - start[i]
                for at in range(start[i], start[i + 1]):
                    j = site[at]
                    there = cell + step[at]
                    if not _enter(table_site, table_cell, stamp, j, there, centre):
                        continue
                    seen_site[n_seen] = j
                    seen_cell[n_seen] = there
                    n_seen += 1
                    counts[centre, shell * n_kinds + kinds[j]] += 1
                    if 2 * n_seen >= size:
                        size *= 2
                        table_cell = np.empty(size, np.int64)
                        table_site = np.empty(size, np.int64)
                        stamp = np.full(size, -1)
                        more_sites = np.empty(size // 2, np.int64)
                        more_cells = np.empty(size // 2, np.int64)
                        for again in range(n_seen):
                            more_sites[again] = seen_site[again]
                            more_cells[again] = seen_cell[again]
                            _enter(table_site, table_cell, stamp, seen_site[again], seen_cell[again], centre)
                        seen_site = more_sites
                        seen_cell = more_cells
            done = shell_end
            if visits > MAX_VISITS:
                return counts, False
    return counts, True


@njit(cache=True)
def _enter(
    table_site: NDArray[np.int64], table_cell: NDArray[np.int64], stamp: NDArray[np.int64], i: int, cell: int, now: int
) -> bool:
    """Put an atom into the table; False if it is there."""
    mask = len(stamp) - 1
    at = np.int64(_mix(np.uint64(cell) ^ (np.uint64(i) << np.uint64(44))) & np.uint64(mask))
    while stamp[at] == now:
        if table_site[at] == i and table_cell[at] == cell:
            return False
        at = (at + 1) & mask
    stamp[at] = now
    table_site[at] = i
    table_cell[at] = cell
    return True


@njit(cache=True)
def _mix(x: np.uint64) -> np.uint64:
    z = np.uint64(x) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True)
def _labels(
    counts: NDArray[np.int64], numbers: NDArray[np.int64], start: NDArray[np.int64], site: NDArray[np.int64]
) -> NDArray[np.uint64]:
    labels = np.empty(len(numbers), np.uint64)
    for i in range(len(numbers)):
        label = _mix(np.uint64(numbers[i]))
        for count in counts[i]:
            label = _mix(label ^ np.uint64(count))
        labels[i] = label
    for _ in range(ROUNDS):
        refined = np.empty_like(labels)
        for i in range(len(numbers)):
            total = np.uint64(0)
            for at in range(start[i], start[i + 1]):
                total += _mix(labels[site[at]])
            refined[i] = _mix(labels[i] ^ _mix(total))
        labels = refined
    return labels
