"""Rounds of hashing labels together with sorted labels, compiled: BLAKE2b with 16 bytes over hexadecimal digests.

A label is the hexadecimal text of a digest, 32 ASCII characters. Here it is four little-endian 64-bit words of text, so
four labels fill one block of BLAKE2b (RFC 7693, doi:10.17487/RFC7693) and no byte is ever moved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WORDS = 4
"""64-bit words of a label's text."""
LABELS_PER_BLOCK = 4
_OPENS, _BETWEEN, _CLOSES = (np.frombuffer(part, np.uint8) for part in (b"('", b"', ", b"), "))
_LONGEST_SIZE = 20
"""Digits of a 64-bit number, at the most."""
BLOCK_BYTES = 128
_N_MIXINGS = 12
# fmt: off
_IV = np.array([
    0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
    0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
], dtype=np.uint64)
_SIGMA = np.array([
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
], dtype=np.uint64)[np.arange(_N_MIXINGS) % 10]
# fmt: on


def notes_of_rounds(
    labels: Sequence[str], successors: Sequence[Sequence[int]], sizes: Sequence[int], n_rounds: int
) -> str:
    """Labels and sizes after each round of ``label <- blake2b(label + sorted labels of the successors)``.

    As Python writes the pairs of a label and its size in rising order, ``('0a...', 2), ('ff...', 1)``, round by round.

    Args:
        labels: k distinct hexadecimal digests of 16 bytes.
        successors: for each label the indices of those that are hashed with it, repeated as often as they count.
        sizes: for each label the number that is written with it.
        n_rounds: how many rounds, at least one.

    """
    start = np.cumsum([0, *map(len, successors)])
    joined = np.array([successor for of_label in successors for successor in of_label], dtype=np.int64)
    text = np.frombuffer("".join(labels).encode("ascii"), dtype="<u8").reshape(-1, WORDS)
    after = _rounds(text, start, joined, n_rounds)
    return _notes(after, np.array(sizes, dtype=np.int64)).tobytes().decode("ascii")


@njit(cache=True)
def _rounds(
    text: NDArray[np.uint64], start: NDArray[np.int64], successors: NDArray[np.int64], n_rounds: int
) -> NDArray[np.uint64]:
    """(n_rounds, k, 4) words of the labels after each round."""
    n_labels = len(text)
    after = np.empty((n_rounds, n_labels, WORDS), np.uint64)
    message = np.zeros(4 * (np.diff(start).max() + 1 + LABELS_PER_BLOCK), np.uint64)
    for done in range(n_rounds):
        before = text if done == 0 else after[done - 1]
        rank = _ranks(before)
        for label in range(n_labels):
            of_label = successors[start[label] : start[label + 1]].copy()
            _sort_by(of_label, rank)
            message[:] = 0
            message[:WORDS] = before[label]
            for place, successor in enumerate(of_label):
                message[WORDS * (place + 1) : WORDS * (place + 2)] = before[successor]
            _digest(message, len(of_label) + 1, after[done, label])
    return after


@njit(cache=True)
def _notes(after: NDArray[np.uint64], sizes: NDArray[np.int64]) -> NDArray[np.uint8]:
    """ASCII text of the pairs of label and size, round by round, in the order of the labels."""
    n_rounds, n_labels = after.shape[:2]
    width = len(_OPENS) + 8 * WORDS + len(_BETWEEN) + _LONGEST_SIZE + len(_CLOSES)
    text = np.empty(n_rounds * n_labels * width, np.uint8)
    digits = np.empty(_LONGEST_SIZE, np.uint8)
    at = 0
    order = np.empty(n_labels, np.int64)
    for done in range(n_rounds):
        for place, rank in enumerate(_ranks(after[done])):
            order[rank] = place
        for label in order:
            at = _put(text, at, _OPENS)
            for word in after[done, label]:
                for byte in range(8):
                    text[at] = (word >> np.uint64(8 * byte)) & np.uint64(0xFF)
                    at += 1
            at = _put(text, at, _BETWEEN)
            first = _LONGEST_SIZE
            left = sizes[label]
            while first == _LONGEST_SIZE or left:
                first -= 1
                digits[first] = 0x30 + left % 10
                left //= 10
            at = _put(text, at, digits[first:])
            at = _put(text, at, _CLOSES)
    # but for the comma after the last one
    return text[: at - 2].copy()


@njit(cache=True)
def _put(text: NDArray[np.uint8], at: int, part: NDArray[np.uint8]) -> int:
    """Write a part; where it ends."""
    for byte in part:
        text[at] = byte
        at += 1
    return at


@njit(cache=True)
def _ranks(text: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Place of each label in the order of their characters."""
    keys = np.empty_like(text)
    for label in range(len(text)):
        for word in range(WORDS):
            keys[label, word] = _swapped(text[label, word])
    order = np.argsort(keys[:, 0])
    # those that begin alike
    for i in range(1, len(order)):
        j = i
        while j > 0 and _precedes(keys[order[j]], keys[order[j - 1]]):
            order[j], order[j - 1] = order[j - 1], order[j]
            j -= 1
    ranks = np.empty(len(order), np.int64)
    for place, label in enumerate(order):
        ranks[label] = place
    return ranks


@njit(cache=True)
def _precedes(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> bool:
    for word in range(WORDS):
        if one[word] != other[word]:
            return bool(one[word] < other[word])
    return False


@njit(cache=True)
def _swapped(word: np.uint64) -> np.uint64:
    """The first character, the lowest byte, moved to the highest, and so on."""
    swapped = np.uint64(0)
    for _ in range(8):
        swapped = (swapped << np.uint64(8)) | (word & np.uint64(0xFF))
        word >>= np.uint64(8)
    return swapped


@njit(cache=True)
def _sort_by(values: NDArray[np.int64], rank: NDArray[np.int64]) -> None:
    for i in range(1, len(values)):
        j = i
        while j > 0 and rank[values[j]] < rank[values[j - 1]]:
            values[j], values[j - 1] = values[j - 1], values[j]
            j -= 1


@njit(cache=True)
def _digest(message: NDArray[np.uint64], n_labels: int, text: NDArray[np.uint64]) -> None:
    """Write the hexadecimal text (4 words) of the digest of a message of so many labels."""
    state = _IV.copy()
    state[0] ^= np.uint64(0x01010010)  # sequential mode, no key, 16 bytes
    n_blocks = (n_labels + LABELS_PER_BLOCK - 1) // LABELS_PER_BLOCK
    for block in range(n_blocks):
        last = block == n_blocks - 1
        n_bytes = 8 * WORDS * n_labels if last else BLOCK_BYTES * (block + 1)
        _compress(state, message[16 * block : 16 * (block + 1)], np.uint64(n_bytes), last)
    for half in range(2):
        for part in range(2):
            text[2 * half + part] = _as_text(state[half] >> np.uint64(32 * part))


@njit(cache=True)
def _compress(state: NDArray[np.uint64], block: NDArray[np.uint64], n_bytes: np.uint64, last: bool) -> None:  # noqa: FBT001 - numba takes no keyword-only arguments
    # sixteen names and not an array, which would keep them in memory instead of registers
    v0, v1, v2, v3, v4, v5, v6, v7 = (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7])
    v8, v9, v10, v11, v12, v13, v14, v15 = (_IV[0], _IV[1], _IV[2], _IV[3], _IV[4], _IV[5], _IV[6], _IV[7])
    v12 ^= n_bytes
    if last:
        v14 = ~v14
    for mixing in range(_N_MIXINGS):
        s = _SIGMA[mixing]
        v0, v4, v8, v12 = _mix(v0, v4, v8, v12, block[s[0]], block[s[1]])
        v1, v5, v9, v13 = _mix(v1, v5, v9, v13, block[s[2]], block[s[3]])
        v2, v6, v10, v14 = _mix(v2, v6, v10, v14, block[s[4]], block[s[5]])
        v3, v7, v11, v15 = _mix(v3, v7, v11, v15, block[s[6]], block[s[7]])
        v0, v5, v10, v15 = _mix(v0, v5, v10, v15, block[s[8]], block[s[9]])
        v1, v6, v11, v12 = _mix(v1, v6, v11, v12, block[s[10]], block[s[11]])
        v2, v7, v8, v13 = _mix(v2, v7, v8, v13, block[s[12]], block[s[13]])
        v3, v4, v9, v14 = _mix(v3, v4, v9, v14, block[s[14]], block[s[15]])
    for word, mixed in enumerate((v0 ^ v8, v1 ^ v9, v2 ^ v10, v3 ^ v11, v4 ^ v12, v5 ^ v13, v6 ^ v14, v7 ^ v15)):
        state[word] ^= mixed


@njit(cache=True)
def _mix(
    a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64, first: np.uint64, second: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    a = a + b + first
    d = _rotated(d ^ a, 32)
    c = c + d
    b = _rotated(b ^ c, 24)
    a = a + b + second
    d = _rotated(d ^ a, 16)
    c = c + d
    b = _rotated(b ^ c, 63)
    return a, b, c, d


@njit(cache=True)
def _rotated(word: np.uint64, by: int) -> np.uint64:
    return np.uint64((word >> np.uint64(by)) | (word << np.uint64(64 - by)))


@njit(cache=True)
def _as_text(half: np.uint64) -> np.uint64:
    """Eight hexadecimal characters, as one word, of the lower four bytes of a word."""
    word = np.uint64(0)
    for place in range(8):
        # the higher digit of a byte comes first
        digit = (half >> np.uint64(4 * (place ^ 1))) & np.uint64(0xF)
        letter = np.uint64(0x57) if digit > np.uint64(9) else np.uint64(0x30)
        word |= (digit + letter) << np.uint64(8 * place)
    return word
