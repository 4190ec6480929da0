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
MAX_ATOMS = 20_000_000
"""Bound on the atoms of the infinite net within reach of four bonds along each axis, 20 MB of marks."""
MAX_VISITS = 30_000_000
"""Bound on the bonds followed for one net, about 0.1 s; 1,000 sites with 12 bonds each need 2 million."""
MARKS = 255


def net_digest(around: Surroundings, cuts: NDArray[np.float64]) -> str:
    """Hexadecimal digest (32 digits) of the net that the cuts (k,) of the elements draw.

    Raises:
        UnmeasurableError: the net is so dense, or its images so far away, that the bounds are passed.

    """
    start, site, image = _bonds(
        around.near.start, around.near.site, around.near.image, around.length, around.kinds, cuts
    )
    # cells that a walk of four bonds can end in, along each axis
    widths = 2 * SHELLS * np.abs(image).max(axis=0) + 1
    n_atoms = len(around.kinds) * int(widths.prod())
    if n_atoms > MAX_ATOMS:
        reason = f"bonds reach too far: {n_atoms:.2g} atoms to look at around a site, {MAX_ATOMS:.2g} is the bound"
        raise UnmeasurableError(reason)
    counts, finished = _coordination_sequences(start, site, image, widths, around.kinds, len(around.elements))
    if not finished:
        reason = f"the bond net is too dense: more than {MAX_VISITS:.0e} bonds within {SHELLS} steps of its sites"
        raise UnmeasurableError(reason)
    histogram = _histogram(_labels(counts, around.elements[around.kinds], start, site))
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
    start: NDArray[np.int64],
    site: NDArray[np.int64],
    image: NDArray[np.int64],
    widths: NDArray[np.int64],
    kinds: NDArray[np.int64],
    n_kinds: int,
) -> tuple[NDArray[np.int64], bool]:
    """(n, 4 * n_kinds) numbers of atoms by shell and element; False where the bound on the work is passed.

    An atom is the number ``site * n_cells + cell``. Numbers are unsigned and short because most of the time of a
    fingerprint goes into this loop; a negative jump wraps around and back.
    """
    n_sites = len(kinds)
    n_cells = np.uint32(widths[0] * widths[1] * widths[2])
    begin = start.astype(np.uint32)
    to = site.astype(np.uint32)
    # what a bond adds to the cell an atom lies in to make the number of the atom at its other end
    jump = (site * n_cells + (image[:, 0] * widths[1] + image[:, 1]) * widths[2] + image[:, 2]).astype(np.uint32)
    counts = np.zeros((n_sites, SHELLS, n_kinds), np.int64)
    met = np.zeros(n_sites * n_cells, np.uint8)
    mark = np.uint8(0)
    # room for all, though few are met: arrays that grow inside the loop make it six times slower
    sites = np.empty(len(met), np.uint32)
    cells = np.empty(len(met), np.uint32)
    visits = 0
    for centre in range(n_sites):
        # atoms are marked with a number of their centre that comes round again
        if mark == MARKS:
            met[:] = 0
            mark = np.uint8(0)
        mark = np.uint8(mark + np.uint8(1))
        sites[0], cells[0] = centre, n_cells // np.uint32(2)
        met[sites[0] * n_cells + cells[0]] = mark
        done, n_atoms = np.uint32(0), np.uint32(1)
        for shell in range(SHELLS):
            shell_end = n_atoms
            for member in range(done, shell_end):
                i, cell = sites[member], cells[member]
                first, after = begin[i], begin[i + np.uint32(1)]
                visits += after - first
                for at in range(first, after):
                    atom = np.uint32(jump[at] + cell)
                    if met[atom] == mark:
                        continue
                    met[atom] = mark
                    j = to[at]
                    counts[centre, shell, kinds[j]] += 1
                    sites[n_atoms], cells[n_atoms] = j, atom - j * n_cells
                    n_atoms += np.uint32(1)
            done = shell_end
            if visits > MAX_VISITS:
                return counts.reshape(n_sites, -1), False
    return counts.reshape(n_sites, -1), True


@njit(cache=True)
def _histogram(labels: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """(k, 2) distinct labels, rising, and how often each occurs, divided by the common divisor of these numbers."""
    rising = np.sort(labels)
    pairs = np.empty((len(labels), 2), np.uint64)
    k = 0
    for label in rising:
        if k and pairs[k - 1, 0] == label:
            pairs[k - 1, 1] += np.uint64(1)
        else:
            pairs[k, 0], pairs[k, 1] = label, np.uint64(1)
            k += 1
    divisor = pairs[0, 1]
    for i in range(1, k):
        other = pairs[i, 1]
        while other:
            divisor, other = other, divisor % other
    for i in range(k):
        pairs[i, 1] //= divisor
    return pairs[:k].copy()


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
