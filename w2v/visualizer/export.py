"""The page as one file that needs no server: its styles, its modules and all frames of some epochs in it.

The modules are joined into one, those that are imported first: a browser does not let a file import
another from the file system. What this asks of them is checked, and said in ``bundle``.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
from collections.abc import Mapping
from typing import Any

from w2v.data.files import replacing
from w2v.stepper import Stepper
from w2v.stepper.addresses import Address
from w2v.stepper.referee import verdict_of
from w2v.visualizer import assets

MOST_STEPS = 2_000
LARGEST_FILE = 64 << 20
"""Steps, and characters of data, that a file holds at most: beyond that a browser does not open it."""

NOTEBOOK_STEPS, NOTEBOOK_HEIGHT = 60, 760

IMPORT = re.compile(r"^import\s*\{([^}]*)\}\s*from\s*\"\./([\w.-]+)\";[ \t]*\n?", re.MULTILINE)
EXPORT = re.compile(r"^export\s+(?=(?:async\s+)?(?:function|const|let|class)\b)", re.MULTILINE)
DECLARED = re.compile(r"^(?:async\s+)?(?:function\*?|const|let|class)\s+(\w+)", re.MULTILINE)
STYLE = re.compile(r"<link rel=\"stylesheet\" href=\"static/([\w.-]+)\"\s*/?>")
SCRIPT = re.compile(r"<script type=\"module\" src=\"static/([\w.-]+)\"></script>")
DATA = "<!-- data -->"


def export(stepper: Stepper, file: str | os.PathLike[str], epochs: int = 10) -> None:
    """Write a walk's first epochs as one file, which works offline; OSError if it cannot be written.

    Raises ValueError, in one line, for more epochs than a browser would open.
    """
    page = one_file(stepper, epochs)
    with replacing(file) as out:
        out.write(page.encode())


def one_file(stepper: Stepper, epochs: int) -> str:
    """The page with its data in it."""
    return assembled(data_of(stepper, epochs), assets.texts())


def framed(stepper: Stepper) -> str:
    """The same in a frame, for a notebook: as many whole epochs as a cell should hold, one at least."""
    epochs = max(1, NOTEBOOK_STEPS // stepper.steps_per_epoch)
    page = html.escape(one_file(stepper, epochs), quote=True)
    return (
        f'<iframe srcdoc="{page}" sandbox="allow-scripts" title="word2vec, step by step"'
        f' style="width: 100%; height: {NOTEBOOK_HEIGHT}px; border: 0"></iframe>'
    )


def data_of(stepper: Stepper, epochs: int) -> str:
    """All frames of the first epochs with their badges, and the verdicts, as JSON for a script element."""
    steps = stepper.steps_per_epoch
    if not 1 <= epochs <= max(1, MOST_STEPS // steps) or steps > MOST_STEPS:
        most = MOST_STEPS // steps
        repair = f"give 1 to {most:,}" if most else f"give a text of fewer than {MOST_STEPS:,} steps"
        raise ValueError(f"epochs={epochs:,} of {steps:,} steps each do not fit into one file: {repair}")
    places = [Address(epoch, word) for epoch in range(epochs) for word in range(steps)]
    frames: list[str] = []
    for place in places:
        frames.append(compact({**stepper.step(place.epoch, place.word), "badge": stepper.badge(place)}))
        if len(frames[0]) * len(places) > LARGEST_FILE:
            raise ValueError(
                f"{len(places):,} steps of this size do not fit into one file: give fewer epochs"
            )
    rest = {
        "settings": stepper.settings.as_dict(),
        "session": stepper.session(),
        "verdicts": {"done": True, "labels": {label: verdict_of(label) for label in stepper.labels()}},
        "epochs": epochs,
    }
    text = f'{compact(rest)[:-1]},"steps":[{",".join(frames)}]}}'
    return text.replace("<", r"\u003c")  # no word of a text can end the element


def compact(data: Any) -> str:
    """Plain data as JSON."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


# --- the page in one piece --------------------------------------------------------------------------


def assembled(data: str, page: Mapping[str, str]) -> str:
    """``index.html`` with styles, modules and data inside, under a policy that allows only these."""
    text = page["index.html"]
    missing = [name for name in STYLE.findall(text) if name not in page]
    if missing:
        raise ValueError(f"index.html asks for {missing[0]}, which is not there")
    styles = [page[name] for name in STYLE.findall(text)]
    scripts = [bundle(name, page) for name in SCRIPT.findall(text)]
    if len(scripts) != 1 or text.count(DATA) != 1 or "<head>" not in text:
        raise ValueError(f"index.html: one module, one {DATA} and a <head> are expected")
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
    """What a content security policy calls an element with this content."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def bundle(main: str, page: Mapping[str, str]) -> str:
    """A module and all it imports as one, each after what it imports itself.

    Imports are ``import { a, b } from "./name.js";`` without renaming, exports stand before declarations,
    and no name is declared by two modules; ValueError, with the module's name, where that is not so.
    """
    order: list[str] = []
    visit(main, page, order, ())
    owners: dict[str, str] = {}
    parts = []
    for name in order:
        source = EXPORT.sub("", IMPORT.sub("", page[name]))
        if re.search(r"^(import|export)\b", source, re.MULTILINE):
            raise ValueError(f'{name}: an import or export that is not `import {{ a }} from "./b.js";`')
        for declared in DECLARED.findall(source):
            if owners.setdefault(declared, name) != name:
                raise ValueError(f"{declared} is declared by {owners[declared]} and by {name}: rename one")
        parts.append(f"// {name}\n{source.strip()}\n")
    return "\n".join(parts).replace("</script", r"<\/script").replace("<!--", r"<\!--")


def visit(name: str, page: Mapping[str, str], order: list[str], path: tuple[str, ...]) -> None:
    """Add a module to the order, after those it imports."""
    if name in path:
        raise ValueError(f"modules import each other: {' -> '.join([*path, name])}")
    if name in order:
        return
    if name not in page:
        raise ValueError(f"{path[-1] if path else 'index.html'} imports {name}, which is not there")
    for names, other in IMPORT.findall(page[name]):
        if " as " in names:
            raise ValueError(f"{name}: an import that renames: {names.strip()}")
        visit(other, page, order, (*path, name))
    order.append(name)
