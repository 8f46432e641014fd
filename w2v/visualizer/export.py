"""The page as one file that needs no server: its styles, its modules and all frames of some epochs.

A browser does not let a file import another from the file system, so the modules are joined into one.
"""

from __future__ import annotations

import base64
import graphlib
import hashlib
import html
import json
import os
import re
from collections.abc import Mapping

from w2v.data.files import replacing
from w2v.stepper import Stepper
from w2v.stepper.addresses import Address
from w2v.stepper.quantities import labels_of
from w2v.stepper.reference import verdict_of
from w2v.visualizer import assets

MAX_STEPS = 2_000
MAX_FILE = 64 << 20
"""The largest number of steps, and of characters of data, in a file that a browser opens."""

NOTEBOOK_STEPS, NOTEBOOK_HEIGHT = 60, 760

IMPORT = re.compile(r"^import\s*\{([^}]*)\}\s*from\s*\"\./([\w.-]+)\";[ \t]*\n?", re.MULTILINE)
EXPORT = re.compile(r"^export\s+(?=(?:async\s+)?(?:function|const|let|class)\b)", re.MULTILINE)
DECLARED = re.compile(r"^(?:async\s+)?(?:function\*?|const|let|class)\s+(\w+)", re.MULTILINE)
STYLE = re.compile(r"<link rel=\"stylesheet\" href=\"static/([\w.-]+)\"\s*/?>")
SCRIPT = re.compile(r"<script type=\"module\" src=\"static/([\w.-]+)\"></script>")
DATA = "<!-- data -->"


def export(stepper: Stepper, file: str | os.PathLike[str], epochs: int = 10) -> None:
    """Write the first epochs as one file, which works offline; OSError if it cannot be written.

    Raises ValueError for more epochs than a browser would open.
    """
    page = one_file(stepper, epochs)
    with replacing(file) as out:
        out.write(page.encode())


def one_file(stepper: Stepper, epochs: int) -> str:
    """Return the page with its data."""
    return assembled(data_of(stepper, epochs), assets.texts())


def framed(stepper: Stepper) -> str:
    """Return the page in an iframe for a notebook: some 60 steps, at least one epoch."""
    epochs = max(1, NOTEBOOK_STEPS // stepper.steps_per_epoch)
    page = html.escape(one_file(stepper, epochs), quote=True)
    return (
        f'<iframe srcdoc="{page}" sandbox="allow-scripts" title="word2vec, step by step"'
        f' style="width: 100%; height: {NOTEBOOK_HEIGHT}px; border: 0"></iframe>'
    )


def data_of(stepper: Stepper, epochs: int) -> str:
    """Return all frames of the first epochs with their badges, and the verdicts, as JSON for the page."""
    steps = stepper.steps_per_epoch
    if not 1 <= epochs <= max(1, MAX_STEPS // steps) or steps > MAX_STEPS:
        most = MAX_STEPS // steps
        repair = f"give 1 to {most:,}" if most else f"give a text of fewer than {MAX_STEPS:,} steps"
        raise ValueError(f"epochs={epochs:,} of {steps:,} steps each do not fit into one file: {repair}")
    places = [Address(epoch, word) for epoch in range(epochs) for word in range(steps)]
    frames: list[str] = []
    for place in places:
        frames.append(compact({**stepper.step(place.epoch, place.word), "badge": stepper.badge(place)}))
        if len(frames[0]) * len(places) > MAX_FILE:
            raise ValueError(
                f"{len(places):,} steps of this size do not fit into one file: give fewer epochs"
            )
    labels = labels_of(stepper.settings.loss)
    rest = {
        "settings": stepper.settings.as_dict(),
        "session": stepper.session(),
        "verdicts": {"done": True, "labels": {label: verdict_of(label) for label in labels}},
        "epochs": epochs,
    }
    text = f'{compact(rest)[:-1]},"steps":[{",".join(frames)}]}}'
    return text.replace("<", r"\u003c")  # so that no word of a text can end the element


def compact(data: object) -> str:
    """Return plain data as JSON."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


# --- the page in one piece --------------------------------------------------------------------------


def assembled(data: str, page: Mapping[str, str]) -> str:
    """Return ``index.html`` with styles, modules and data, under a policy that allows only these."""
    text = page["index.html"]
    missing = [name for name in STYLE.findall(text) if name not in page]
    if missing:
        raise ValueError(f"index.html refers to {missing[0]}, which does not exist")
    styles = [page[name] for name in STYLE.findall(text)]
    scripts = [bundle(name, page) for name in SCRIPT.findall(text)]
    if len(scripts) != 1 or text.count(DATA) != 1 or "<head>" not in text:
        raise ValueError(f"index.html must have one module, one {DATA} and a <head>")
    policy = (
        f"default-src 'none'; script-src {hash_of(scripts[0])}; style-src {' '.join(map(hash_of, styles))};"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )
    text = STYLE.sub(lambda match: f"<style>{page[match[1]]}</style>", text)
    text = SCRIPT.sub(lambda match: f'<script type="module">{scripts[0]}</script>', text)
    text = text.replace(DATA, f'<script type="application/json" id="inlined">{data}</script>')
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return text.replace("<head>", f"<head>{meta}", 1)


def hash_of(source: str) -> str:
    """Return the name that a content security policy has for an element with this content."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def bundle(main: str, page: Mapping[str, str]) -> str:
    """Join a module and all that it imports into one, each after its own imports.

    Imports must be ``import { a, b } from "./name.js";`` without renaming, exports stand before
    declarations, and no name may be declared by two modules; otherwise ValueError, with the module's name.
    A bundler would need Node.js.
    """
    owners: dict[str, str] = {}
    parts = []
    for name in import_order(main, page):
        source = EXPORT.sub("", IMPORT.sub("", page[name]))
        if re.search(r"^(import|export)\b", source, re.MULTILINE):
            raise ValueError(f'{name}: an import or export that is not `import {{ a }} from "./b.js";`')
        for declared in DECLARED.findall(source):
            if owners.setdefault(declared, name) != name:
                raise ValueError(f"{declared} is declared by {owners[declared]} and by {name}: rename one")
        parts.append(f"// {name}\n{source.strip()}\n")
    return "\n".join(parts).replace("</script", r"<\/script").replace("<!--", r"<\!--")


def import_order(main: str, page: Mapping[str, str]) -> list[str]:
    """Return a module and all that it imports, imported ones first."""
    imports: dict[str, list[str]] = {}
    waiting = [("index.html", main)]
    while waiting:
        importer, name = waiting.pop()
        if name not in page:
            raise ValueError(f"{importer} imports {name}, which does not exist")
        if any(" as " in names for names, _ in IMPORT.findall(page[name])):
            raise ValueError(f"{name}: an import that renames")
        if name not in imports:
            imports[name] = [other for _, other in IMPORT.findall(page[name])]
            waiting += [(name, other) for other in imports[name]]
    try:
        return list(graphlib.TopologicalSorter(imports).static_order())
    except graphlib.CycleError as problem:
        raise ValueError(f"modules import each other: {' -> '.join(problem.args[1])}") from None
