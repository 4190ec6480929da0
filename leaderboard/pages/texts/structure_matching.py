"""How well each method of structure matching does: the benchmark's result as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leaderboard.matching_benchmark.result import COMMAND
from leaderboard.pages.parts.markup import Interval, facts, interval, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_KINDS = {
    "setting": (
        "Same in another choice of cell or setting",
        "The same crystal, written down otherwise: anything below 100% lets a copy pass as novel.",
    ),
    "perturbation": (
        "Same under a perturbation",
        (
            "A copy with Gaussian noise of this standard deviation on each Cartesian component, or with a strained "
            "cell. The last row has no right answer: methods that compare primitive cells cannot see such a copy."
        ),
    ),
}


_TITLE = "Benchmark of structure matching"
_JUDGES = {
    "structure-matcher": "StructureMatcher",
    "structure-matcher-loose": "StructureMatcher with wider tolerances",
}
DECIDES = "verdict"
"""The method that decides novelty and uniqueness on this board."""


def page(result: dict[str, Any] | None) -> str:
    """The page as HTML, from the content of ``matching.json``; None where there is none."""
    again = f"<p>Measure it again: <code>{COMMAND}</code>, on other crystals with <code>--data FILE...</code></p>"
    if result is None:
        return f'<div class="prose-page"><h2>{_TITLE}</h2><p>No result yet.</p>{again}</div>'
    names = [method["name"] for method in result["methods"]]
    parts = [
        f'<div class="prose-page"><h2>{_TITLE}</h2>{conclusion(result)}{_introduction(result)}{again}</div>',
        _methods(result),
        *(_changes(result, kind, names) for kind in _KINDS),
        *(_judged(result, judge) for judge in result["agreement"]["judges"]),
        _cases(result, names),
        _costs(result, names),
    ]
    return "\n".join(parts)


def conclusion(result: dict[str, Any]) -> str:
    """What the numbers say of the method that decides here and of the others, as a paragraph; nothing without it."""
    labels = {method["name"]: method["label"] for method in result["methods"]}
    settings = [change for change in result["changes"] if change["kind"] == "setting"]
    if DECIDES not in labels or not settings:
        return ""

    def lowest(name: str) -> tuple[float, str]:
        return min((change["methods"][name]["share"], change["name"]) for change in settings)

    share, hardest = lowest(DECIDES)
    kept = (
        f"recognises a crystal in every one of {len(settings)} other choices of cell or setting"
        if share == 1
        else f"recognises at least {_percent(share)} of crystals in each of {len(settings)} other choices of cell or "
        f"setting (fewest: {hardest})"
    )
    known = [case for case in result["cases"] if case["same"] is not None]
    n_right = sum(case["answers"][DECIDES] == case["same"] for case in known)
    misled = sorted((*lowest(name), labels[name]) for name in labels if name != DECIDES and lowest(name)[0] < share)
    worse = "; ".join(f"{label} {_percent(least)} ({change})" for least, change, label in misled)
    others = f" The others recognise fewer in the hardest choice of each: {worse}." if misled else ""
    agrees = "".join(
        f" Of {judge['n_same']:,} pairs that are the same by {_JUDGES.get(judge['judge'], labels[judge['judge']])} "
        f"it finds {_percent(judge['methods'][DECIDES]['recall']['value'])}."
        for judge in result["agreement"]["judges"]
        if DECIDES in judge["methods"]
    )
    said = (
        f"What decides here ({labels[DECIDES]}) {kept}, and answers {n_right} of {len(known)} named cases rightly."
        f"{others}{agrees}"
    )
    return f'<p class="finding">{text(said)}</p>'


def _percent(share: float) -> str:
    """A share in percent, rounded so that only all of them are 100%."""
    return "100%" if share == 1 else f"{min(100 * share, 99.9):.1f}%"


def _introduction(result: dict[str, Any]) -> str:
    agreement = result["agreement"]
    origins = ", ".join(origin["name"] for origin in result["data"])
    return (
        "<p>Novelty and uniqueness rest on one decision: are two crystals the same? Each column is a method of "
        "deciding it, asked about the same pairs. Values are percent; in a lighter tone the 95% interval, Wilson's for "
        "shares, by bootstrap over formulas for pairs. A method that gives no answer is counted as wrong.</p>"
        + facts(
            {
                "Crystals": f"{result['n_crystals']:,} from {text(origins)}",
                "Changed": f"{result['n_sampled']:,}",
                "Pairs of one formula": f"{agreement['n_pairs']:,} of {agreement['n_formulas']:,} formulas",
                "Seed": str(result["seed"]),
                "Versions": text(", ".join(f"{name} {number}" for name, number in result["versions"].items())),
            }
        )
    )


def _changes(result: dict[str, Any], kind: str, names: Sequence[str]) -> str:
    title, lead = _KINDS[kind]
    rows = [
        (
            text(change["name"]),
            [
                f"{change['n']:,}",
                *(_kept(change["methods"][name]) for name in names),
            ],
        )
        for change in result["changes"]
        if change["kind"] == kind
    ]
    return _section(title, lead, ["n", *_labels(result, names)], rows)


def _judged(result: dict[str, Any], judge: dict[str, Any]) -> str:
    others = list(judge["methods"])
    label = _labels(result, [judge["judge"]])[0]
    lead = (
        f"{judge['n_judged']:,} pairs of real crystals of one formula, {judge['n_same']:,} of them the same by "
        f"{label}. Recall: of those, the share that a method calls the same. Precision: of what a method calls the "
        f"same, the share that {label} calls the same."
    )
    rows = [
        (measure, [_share(share, share["value"]) for share in (judge["methods"][name][measure] for name in others)])
        for measure in ("recall", "precision")
    ]
    rows += [
        (f"pairs {what}", [f"{judge['methods'][name][count]:,}" for name in others])
        for count, what in (("n_missed", "missed"), ("n_added", "added"), ("n_unknown", "without an answer"))
    ]
    return _section(f"Agreement with {label}", lead, _labels(result, others), rows)


def _cases(result: dict[str, Any], names: Sequence[str]) -> str:
    rows = [
        (
            text(case["name"]),
            [_answer(case["same"]), *(_answer(case["answers"][name], case["same"]) for name in names)],
        )
        for case in result["cases"]
    ]
    lead = "Pairs whose right answer is known. Wrong answers are marked."
    return _section("Named cases", lead, ["right answer", *_labels(result, names)], rows)


def _costs(result: dict[str, Any], names: Sequence[str]) -> str:
    rows = [
        (what, [_ms(result["costs"][name][cost]) for name in names])
        for cost, what in (("structure_ms", "per structure"), ("pair_ms", "per pair"))
    ]
    lead = "CPU milliseconds of one core: the median, and in the lighter tone the mean."
    return _section("Cost", lead, _labels(result, names), rows)


def _methods(result: dict[str, Any]) -> str:
    items = "".join(
        f"<dt>{text(method['label'])}</dt><dd><p>{text(method['definition'])}</p>"
        f"{_reasons(result['unknown'][method['name']])}</dd>"
        for method in result["methods"]
    )
    return f'<div class="prose-page"><h2>Methods</h2><dl class="definitions">{items}</dl></div>'


def _reasons(unknown: dict[str, int]) -> str:
    if not unknown:
        return ""
    listed = "; ".join(f"{count:,} x {reason}" for reason, count in unknown.items())
    return f'<p class="dim">No answer: {text(listed)}.</p>'


def _section(title: str, lead: str, heads: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Heading, a line, a table; the first column names the row."""
    head = "".join(f'<th scope="col" class="right">{cell}</th>' for cell in heads)
    body = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(f"<td class=right>{cell}</td>" for cell in cells)}</tr>'
        for name, cells in rows
    )
    table = f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="prose-page"><h2>{text(title)}</h2><p>{text(lead)}</p></div><div class="scroll">{table}</div>'


def _labels(result: dict[str, Any], names: Iterable[str]) -> list[str]:
    labels = {method["name"]: text(method["label"]) for method in result["methods"]}
    return [labels[name] for name in names]


def _share(ends: dict[str, Any], value: float | None) -> str:
    return interval(Interval(value, ends["low"], ends["high"]), "share")


def _kept(kept: dict[str, Any]) -> str:
    unknown = f'<span class="interval">{kept["n_unknown"]} without an answer</span>' if kept["n_unknown"] else ""
    return _share(kept, kept["share"]) + unknown


def _answer(answer: bool | None, right: bool | None = None) -> str:  # noqa: FBT001 - an answer is what it is about
    word = {True: "same", False: "different", None: "?"}[answer]
    return word if right is None or answer == right else f'<span class="no">{word}</span>'


def _ms(cost: dict[str, Any]) -> str:
    if cost["median"] is None:
        return "?"
    return f'<span class="value">{cost["median"]:.2f}</span><span class="interval">{cost["mean"]:.2f}</span>'
