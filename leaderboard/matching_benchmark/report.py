"""A result of the benchmark as aligned text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Row: TypeAlias = tuple[str, list[str], list[str]]
"""Name, cells, and the cells of a second line or none."""

KINDS = {
    "setting": "Kept in another choice of cell or setting",
    "perturbation": "Kept under a perturbation",
}


def as_text(result: dict[str, Any]) -> str:
    """All tables of a result; a value has its 95% interval under it."""
    names = [method["name"] for method in result["methods"]]
    labels = [method["label"] for method in result["methods"]]
    parts = [_data(result)]
    for kind, title in KINDS.items():
        rows = [change for change in result["changes"] if change["kind"] == kind]
        parts.append(
            _table(
                f"{title} (share, 95% Wilson interval; ?n: no answer for n, not kept)",
                ["n", *labels],
                _change_rows(rows, names),
            )
        )
    parts += [_judged(result, judge, names) for judge in result["agreement"]["judges"]]
    title = "Named cases (right answer: s same, d different; ! wrong, ? unknown)"
    parts.append(_table(title, ["right", *labels], _case_rows(result["cases"], names)))
    title = "CPU milliseconds (median, under it the mean)"
    parts.append(_table(title, labels, _cost_rows(result["costs"], names)))
    return "\n".join([*parts, _unknown(result)])


def _data(result: dict[str, Any]) -> str:
    lines = [
        f"{origin['name']}: {origin['n_read']} rows, {origin['n_refused']} refused, {origin['n_repeated']} repeated"
        for origin in result["data"]
    ]
    lines.append(
        f"{result['n_crystals']} crystals, {result['n_sampled']} of them changed; "
        f"{result['agreement']['n_pairs']} pairs of {result['agreement']['n_formulas']} formulas; seed {result['seed']}"
    )
    return "\n".join(lines) + "\n"


def _change_rows(changes: Iterable[dict[str, Any]], names: Sequence[str]) -> Iterable[Row]:
    for change in changes:
        kept = [change["methods"][name] for name in names]
        upper = [str(change["n"]), *(_unsure(entry["share"], entry["n_unknown"]) for entry in kept)]
        yield change["name"], upper, ["", *(_interval(entry["low"], entry["high"]) for entry in kept)]


def _judged(result: dict[str, Any], judge: dict[str, Any], names: Sequence[str]) -> str:
    labels = {method["name"]: method["label"] for method in result["methods"]}
    title = (
        f"Pairs of one formula against {labels[judge['judge']]}: {judge['n_judged']} judged, "
        f"{judge['n_same']} the same (95% interval by bootstrap over formulas)"
    )
    others = [name for name in names if name in judge["methods"]]
    rows: list[Row] = []
    for measure in ("recall", "precision"):
        shares = [judge["methods"][name][measure] for name in others]
        lower = [_interval(share["low"], share["high"]) for share in shares]
        rows.append((measure, [_number(share["value"]) for share in shares], lower))
    rows += [
        (count.removeprefix("n_"), [str(judge["methods"][name][count]) for name in others], [])
        for count in ("n_both", "n_missed", "n_added", "n_unknown")
    ]
    return _table(title, [labels[name] for name in others], rows)


def _case_rows(cases: Iterable[dict[str, Any]], names: Sequence[str]) -> Iterable[Row]:
    for case in cases:
        cells = []
        for name in names:
            answer = case["answers"][name]
            mark = "?" if answer is None else ("s" if answer else "d") + ("" if answer == case["same"] else " !")
            cells.append(mark)
        yield case["name"], ["s" if case["same"] else "d", *cells], []


def _cost_rows(costs: dict[str, Any], names: Sequence[str]) -> Iterable[Row]:
    for cost, title in (("structure_ms", "per structure"), ("pair_ms", "per pair")):
        spent = [costs[name][cost] for name in names]
        yield title, [_ms(entry["median"]) for entry in spent], [_ms(entry["mean"]) for entry in spent]


def _unknown(result: dict[str, Any]) -> str:
    lines = [
        f"{method['label']}: {count} x {reason}"
        for method in result["methods"]
        for reason, count in result["unknown"][method["name"]].items()
    ]
    return "\n".join(["Most frequent reasons for no answer", *(lines or ["none"])]) + "\n"


def _table(title: str, heads: Sequence[str], rows: Iterable[Row]) -> str:
    """First column to the left, the others to the right; a row has one or two lines."""
    kept = list(rows)
    first = max((len(name) for name, _, _ in kept), default=0)
    columns = [
        max(len(head), *(len(line[place]) for _, upper, lower in kept for line in (upper, lower) if line))
        for place, head in enumerate(heads)
    ]
    lines = [title, _line("", heads, first, columns)]
    for name, upper, lower in kept:
        lines.append(_line(name, upper, first, columns))
        if lower:
            lines.append(_line("", lower, first, columns))
    return "\n".join(lines) + "\n"


def _line(name: str, cells: Sequence[str], first: int, columns: Sequence[int]) -> str:
    padded = (f"{cell:>{width}}" for cell, width in zip(cells, columns, strict=True))
    return f"{name:<{first}}  {'  '.join(padded)}".rstrip()


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _unsure(value: float | None, n_unknown: int) -> str:
    return _number(value) + (f" ?{n_unknown}" if n_unknown else "")


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"[{low:.3f}, {high:.3f}]"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
