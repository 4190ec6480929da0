"""Members of an archive that are no structures: some by their name alone, others if their content agrees.

A file that was meant to be a structure stays a record however broken it is, so that a failed one is never left out.
"""

from __future__ import annotations

import re
from fnmatch import translate
from pathlib import PurePosixPath

_HIDDEN = (".", "__macosx", "$recycle.bin", "system volume information", "__pycache__")
# What macOS keeps beside a file a.cif has the name ._a.cif.
_BESIDE = ("._", "__macosx")
# No file system takes a longer name; the patterns below take time by its length.
_LONGEST = 255
_DOCUMENT = "readme* license* licence* *.md *.txt card.toml"
_SYSTEM = "thumbs.db ehthumbs.db ehthumbs_vista.db desktop.ini icon\r ~$*"
# They begin as a POSCAR and go on with a grid; the structure they belong to has a file of its own.
_DENSITY = "chg chgcar* aeccar* locpot* elfcar* parchg*"
# What these name is a structure, whatever else the name says; FHI-aims keeps its own in a file that ends as inputs do.
_STRUCTURE = (
    "*.cif *.mcif *.mmcif *.vasp *.poscar *.contcar *.xyz *.extxyz *.xsf *.res *.cell *.pdb *.cssr *.gen *.lmp "
    "poscar* contcar* xdatcar* geometry*.in"
)
_BY_NAME = {
    "script": (
        "*.py *.pyc *.pyi *.ipynb *.sh *.bash *.csh *.zsh *.bat *.cmd *.ps1 *.jl *.m *.r *.rmd *.pl *.lua *.js *.c *.h "
        "*.cpp *.hpp *.f *.f90 *.rs *.go *.java *.slurm *.sbatch *.pbs *.job *.sub makefile dockerfile snakefile"
    ),
    "checksum": "*.md5 *.sha1 *.sha256 *.sha512 md5sum* sha1sum* sha256sum* sha512sum* checksum*",
    "mark of a program": "done _success version pkg-info citation.cff *.idx *.index *.dat",
    "log": (
        "stdout stderr *.log *.log.[0-9]* screenlog* *.out *.err *.stdout *.stderr *.o[0-9]* *.e[0-9]* nohup* slurm-* "
        "*tfevents* *.pid *.lock"
    ),
    "configuration": (
        "*.yaml *.yml *.toml *.ini *.cfg *.conf *.config *.properties *.env *.xml *.gin *.hydra *.sqlite-journal"
    ),
    "input or output of a code": (
        "incar* kpoints* potcar* outcar* oszicar* ibzkpt* eigenval* doscar* procar* pcdat* wavecar* "
        "vasprun* report* optcell iconst penaltypot vasp_std* "
        "*.upf *.psml *.psp8 *.paw *.in *.inp *.pwi *.pwo *.abi *.abo *.fdf *.win *.wout *.nml *.mdp *.top *.itp *.prm "
        "control.in *.gjf *.save"
    ),
    "model weights": (
        "*.ckpt *.safetensors *.onnx *.pb *.gguf *.model *.pth *.bin "
        "*model*.pt *checkpoint*.pt *ckpt*.pt *weights*.pt *optim*.pt *epoch*.pt"
    ),
    "picture or document": (
        "*.png *.jpg *.jpeg *.gif *.svg *.bmp *.tif *.tiff *.eps *.ps *.webp *.pdf *.html *.htm *.css *.tex *.bib "
        "*.rst *.doc *.docx *.ppt *.pptx *.odt *.rtf *.mp4"
    ),
    "editor's copy": "*~ *.swp *.swo *.tmp",
}
_TABLES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".json", ".npy", ".npz")
_BEHIND = (".gz", ".bz2", ".xz")
# Words of names such as train_metrics.json, hparams.json, wandb-summary.json, trainer_state.json, sampling.config.json.
_FACTS = """
metrics metric config configs configuration args arguments hparams hyperparameters params parameters settings setup
options summary stats statistics log logs history metadata meta info manifest loss losses scores score eval evaluation
timing timings time times runtime progress state version versions environment env requirements package tokenizer vocab
vocabulary special report results benchmark profile scaler provenance license schema properties energies
"""
_FACT_WORDS = frozenset(_FACTS.split())
_WORD = re.compile(r"[a-z]+")


def _any_of(patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(translate(pattern) for pattern in patterns.split(" ")))


_SYSTEM_NAME, _DOCUMENT_NAME, _DENSITY_NAME, _STRUCTURE_NAME = map(_any_of, (_SYSTEM, _DOCUMENT, _DENSITY, _STRUCTURE))
_NAMES = {what: _any_of(patterns) for what, patterns in _BY_NAME.items()}


def by_name_alone(parts: list[str]) -> str | None:
    """What a member is that no content makes a structure; None where it may be one.

    Args:
        parts: of its path.

    """
    *folders, last = (part.casefold() for part in parts)
    if any(folder.startswith(_HIDDEN) for folder in folders) or last.startswith(_BESIDE):
        return "hidden file"
    name = _unpacked(last)
    if len(name) > _LONGEST or _STRUCTURE_NAME.match(name):
        return None
    if last.startswith(_HIDDEN):
        return "hidden file"
    if _SYSTEM_NAME.match(name):
        return "system file"
    if _DENSITY_NAME.match(name):
        return "charge density"
    return "document" if _DOCUMENT_NAME.match(last) else None


def by_name_and_content(name: str) -> str | None:
    """What the name says a member is, to be ignored as if its content shows no structure either; else None.

    Args:
        name: the last part of its path.

    """
    name = _unpacked(name.casefold())
    if len(name) > _LONGEST or _STRUCTURE_NAME.match(name):
        return None
    for what, pattern in _NAMES.items():
        if pattern.match(name):
            return what
    path = PurePosixPath(name)
    return "facts" if path.suffix in _TABLES and names_facts(path.stem) else None


def names_facts(name: str) -> bool:
    """Whether a name says that it stands for facts about a run, such as train_metrics or metadata."""
    return not _FACT_WORDS.isdisjoint(_WORD.findall(name.casefold()))


def is_table(name: str) -> bool:
    """Whether the name is that of a table, which holds structures only if it has a column of them."""
    return _unpacked(name.casefold()).endswith((".csv", ".tsv", ".parquet"))


def _unpacked(name: str) -> str:
    return next((name[: -len(end)] for end in _BEHIND if name.endswith(end)), name)
