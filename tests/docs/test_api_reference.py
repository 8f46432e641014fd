"""The reference: every module has its page, every public name its sentence; planted faults are found."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from companion import api
from companion.docstrings import as_python, equations_of, names_in, thing_named, with_drawings

from derivations.ledger import SECTIONS, ledger
from derivations.paper import mlp

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

Holder = ast.Module | ast.ClassDef
Named = ast.ClassDef | ast.FunctionDef
SENTENCE = re.compile(r"[.:?!]$")


# --- every public name has a docstring that begins with a sentence ----------------------------------------


def without_sentence(source: str) -> Iterator[str]:
    """The public modules, classes, functions and methods of a source that do not begin with a sentence."""
    tree = ast.parse(source)
    for path, node in [("", tree), *public_within(tree, "")]:
        docstring = (ast.get_docstring(node) or "").partition("\n\n")[0]
        labelled = isinstance(node, ast.FunctionDef) and "@misprint" in " ".join(
            f"@{ast.unparse(decorator)}" for decorator in node.decorator_list
        )
        if not SENTENCE.search(docstring) and not labelled:
            yield path or "the module"


def public_within(node: Holder, path: str) -> Iterator[tuple[str, Named]]:
    """The public classes and functions directly in a node, and the methods of those classes, with paths."""
    for inner in node.body:
        if isinstance(inner, ast.ClassDef | ast.FunctionDef) and not inner.name.startswith("_"):
            yield f"{path}{inner.name}", inner
            if isinstance(inner, ast.ClassDef):
                yield from public_within(inner, f"{path}{inner.name}.")


def sources() -> dict[str, Path]:
    """The files of all modules, by name."""
    files = [file for package in ("derivations", "w2v") for file in (ROOT / package).rglob("*.py")]
    return {name_of(file.relative_to(ROOT)): file for file in files}


def name_of(file: Path) -> str:
    """The name of the module that a file is imported as."""
    return ".".join(file.with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("name", api.modules())
def test_every_public_name_begins_with_a_sentence(name: str) -> None:
    assert list(without_sentence(sources()[name].read_text(encoding="utf-8"))) == []


def test_a_name_without_a_sentence_is_found() -> None:
    planted = '''"""A module."""
def silent(): pass
def curt():
    """No stop"""
def _private(): pass
class Loud:
    """Speaks."""
    def method(self): pass
    def said(self):
        """Says."""
'''
    assert list(without_sentence(planted)) == ["silent", "curt", "Loud.method"]
    assert list(without_sentence("x = 1")) == ["the module"]


# --- every module has a page, in one place ----------------------------------------------------------------


def test_every_module_has_a_page_and_what_has_none_is_known() -> None:
    apart = set(sources()) - set(api.modules())
    inside = {name for name in apart if not name.startswith(api.LEFT_OUT)}
    assert inside == {"derivations.__main__", "w2v.__main__"}
    assert set(api.reference()) == {"index", *api.modules()}


def test_every_page_stands_in_one_table_of_contents() -> None:
    pages = api.reference()
    listed = re.findall(r"^   \w+ <([\w.]+)>$", "\n".join(pages.values()), re.MULTILINE)
    assert sorted(listed) == sorted(set(api.modules()) - {"derivations", "w2v"})
    assert ":hidden:\n\n   derivations\n   w2v\n" in pages["index"]


def test_the_sections_come_in_the_papers_order() -> None:
    shown = re.findall(r"   ~derivations\.(\w+)$", api.reference()["index"], re.MULTILINE)
    assert [name for name in shown if name in SECTIONS] == list(SECTIONS)


def test_modules_come_in_the_order_of_their_packages_docstring() -> None:
    (_, _, first), (_, _, rest) = api.groups_of("derivations.oracle")
    assert [name.rpartition(".")[2] for name in first[:3]] == ["forward_pass", "primitives", "programs"]
    assert "derivations.oracle.program.loops" in rest
    assert list(api.named_in("``a`` and\n\n    b, c   the text\n      d   ``e``")) == list("abcde")


def test_what_the_index_says_to_import_can_be_imported() -> None:
    for package in api.PUBLIC:
        exec(api.import_of(package), {})


def test_the_page_of_a_module_that_is_gone_goes_too(tmp_path: Path) -> None:
    stale = tmp_path / "api" / "derivations.gone.rst"
    stale.parent.mkdir()
    stale.write_text("old", encoding="utf-8")
    api.write_reference(SimpleNamespace(srcdir=tmp_path))
    assert not stale.exists()
    assert (stale.parent / "derivations.paper.mlp.rst").exists()


# --- what is done to a docstring --------------------------------------------------------------------------


def test_every_equation_is_linked_to_from_its_function_and_its_misprint() -> None:
    for entry in ledger():
        assert f":equation:`{entry.label}`" in "\n".join(equations_of(entry.rhs))
        if entry.misprint:
            said = "\n".join(equations_of(entry.misprint.computes))
            assert f"Misprinted in :equation:`{entry.label}`: {entry.misprint.why}" in said
    assert not any(equations_of(mlp.sigmoid))


def test_a_drawing_is_set_as_it_stands() -> None:
    drawn = ["Text:", "", "    x --> y", "", "    z", "", "Text.", "", "    >>> 1"]
    drawn += ["", "- item", "", "  more"]
    marked = with_drawings(drawn)
    assert marked[2:5] == [".. code-block:: text", "", "    x --> y"]
    assert marked[5:] == drawn[3:]
    literal = ["As in::", "", "    x"]
    assert with_drawings(literal) == literal


def test_a_module_begins_with_its_names_in_the_order_of_the_source() -> None:
    said = names_in(mlp)[1]
    assert said.index("mlp.forward>") < said.index("mlp.dE_dy>") < said.index("mlp.gradients>")
    assert "check_arrays" not in said


def test_a_default_that_is_no_python_becomes_dots() -> None:
    shown = as_python(None, "class", "A", None, None, "(a: dict[str, int] = <factory>)", None)
    assert shown == ("(a: dict[str, int] = ...)", None)
    shown = as_python(None, "function", "f", None, None, "(f: ~typing.Callable[[...], int])", "str")
    assert shown == ("(f: ~typing.Callable[..., int])", "str")


def test_a_name_is_found_where_the_code_would_find_it() -> None:
    assert thing_named("Entry", "derivations.oracle.runs") is thing_named("derivations.ledger.Entry", None)
    assert thing_named("no_such", "derivations.paper.mlp") is None


CONF = """
import sys
sys.path[:0] = [{docs!r}, "."]
extensions = ["sphinx.ext.autodoc", "sphinx.ext.viewcode"]
autodoc_default_options = {{"members": True}}
html_theme = "basic"
nitpicky = True
def setup(app):
    from companion.docstrings import add_docstrings
    add_docstrings(app)
"""

PLANTED = '''"""A module.

    x --> y|

So it goes.
"""
from pathlib import Path

def named(path: Path) -> Path:
    """Name a :class:`Path`{fault}."""
    return path
'''


@pytest.mark.parametrize(
    ("fault", "warning"),
    [
        ("", ""),
        (" or :class:`NoSuch`", "reference target not found: NoSuch"),
        (" of |x|", "Undefined substitution"),
    ],
)
def test_a_docstring_that_refers_to_nothing_fails_the_build(
    tmp_path: Path, fault: str, warning: str
) -> None:
    source = tmp_path / "docs"
    source.mkdir()
    (source / "conf.py").write_text(CONF.format(docs=str(DOCS)), encoding="utf-8")
    (source / "planted.py").write_text(PLANTED.format(fault=fault), encoding="utf-8")
    (source / "index.rst").write_text("A\n=\n\n.. automodule:: planted\n", encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-qWN", source, tmp_path / "html"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=source)
    assert (done.returncode == 0) == (not fault), done.stderr
    assert warning in done.stderr
    if not fault:
        assert 'id="named"' in (tmp_path / "html" / "_modules" / "planted.html").read_text(encoding="utf-8")
        assert "x --&gt; y|" in (tmp_path / "html" / "index.html").read_text(encoding="utf-8")
