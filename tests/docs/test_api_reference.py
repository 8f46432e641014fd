"""The API reference: every public module has a page, every public name a docstring."""

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
from companion.docstrings import equations_of, find_object, names_in, process_signature, with_code_blocks
from companion.structure import modules_in

from derivations.ledger import SECTIONS, ledger
from derivations.paper import mlp

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

Holder = ast.Module | ast.ClassDef
Named = ast.ClassDef | ast.FunctionDef
SENTENCE = re.compile(r"[.:?!]$")


# --- docstrings -------------------------------------------------------------------------------------------


def without_sentence(source: str) -> Iterator[str]:
    """Yield the public modules, classes, functions and methods whose docstring has no first sentence."""
    tree = ast.parse(source)
    for path, node in [("", tree), *public_within(tree, "")]:
        docstring = (ast.get_docstring(node) or "").partition("\n\n")[0]
        decorators = getattr(node, "decorator_list", [])
        is_misprint = any(ast.unparse(decorator).startswith("misprint(") for decorator in decorators)
        if not SENTENCE.search(docstring) and not is_misprint:
            yield path or "the module"


def public_within(node: Holder, path: str) -> Iterator[tuple[str, Named]]:
    """Yield the public classes, functions and methods in a module or class, with their names."""
    for inner in node.body:
        if isinstance(inner, ast.ClassDef | ast.FunctionDef) and not inner.name.startswith("_"):
            yield f"{path}{inner.name}", inner
            if isinstance(inner, ast.ClassDef):
                yield from public_within(inner, f"{path}{inner.name}.")


def test_every_public_name_has_a_docstring_that_begins_with_a_sentence() -> None:
    found = {name: list(without_sentence(source)) for name, source in modules_in(ROOT).items()}
    course = "derivations.exercises.course."  # tasks for students, which begin with a comment
    assert {
        name: missing for name, missing in found.items() if missing and not name.startswith(course)
    } == {}


def test_a_name_without_a_sentence_is_found() -> None:
    planted = '''"""A module."""
def silent(): pass
def curt():
    """No stop"""
def _private(): pass
class Documented:
    """Has a docstring."""
    def method(self): pass
    def said(self):
        """Has one too."""
'''
    assert list(without_sentence(planted)) == ["silent", "curt", "Documented.method"]
    assert list(without_sentence("x = 1")) == ["the module"]


# --- pages ------------------------------------------------------------------------------------------------


def test_every_public_module_has_a_page_and_no_private_one() -> None:
    left_out = set(modules_in(ROOT)) - set(api.modules())
    assert all(f"{name}.".startswith((*api.INTERNAL,)) or "._" in name for name in left_out)
    assert set(api.reference()) == {"index", *api.modules()}
    assert not any("._" in name for name in api.modules())


def test_every_page_is_in_one_table_of_contents() -> None:
    pages = api.reference()
    listed = re.findall(r"^   \w+ <([\w.]+)>$", "\n".join(pages.values()), re.MULTILINE)
    assert sorted(listed) == sorted(set(api.modules()) - {"derivations", "w2v"})
    assert ":hidden:\n\n   derivations\n   w2v\n" in pages["index"]


def test_sections_and_modules_come_in_reading_order() -> None:
    shown = re.findall(r"   ~derivations\.\w+\.(\w+)$", api.reference()["index"], re.MULTILINE)
    assert [name for name in shown if name in SECTIONS] == list(SECTIONS)
    assert list(api.named_in("``a`` and\n\n    b, c   the text\n      d   ``e``")) == list("abcde")
    named = [
        name for name in api.named_in(sys.modules["w2v"].__doc__ or "") if f"w2v.{name}" in api.modules()
    ]
    assert [name.rpartition(".")[2] for name in api.modules_of("w2v")][: len(named)] == named


@pytest.mark.parametrize("package", api.PUBLIC)
def test_the_import_lines_of_the_index_run(package: str) -> None:
    exec(api.import_of(package), {})


def test_the_page_of_a_module_that_no_longer_exists_is_deleted(tmp_path: Path) -> None:
    stale = tmp_path / "api" / "derivations.gone.rst"
    stale.parent.mkdir()
    stale.write_text("old", encoding="utf-8")
    api.write_reference(SimpleNamespace(srcdir=tmp_path))
    assert not stale.exists()
    assert (stale.parent / "derivations.paper.mlp.rst").exists()


# --- processing of docstrings -----------------------------------------------------------------------------


def test_every_equation_is_linked_from_its_function_and_from_its_misprint() -> None:
    for entry in ledger():
        assert f":equation:`{entry.label}`" in "\n".join(equations_of(entry.rhs))
        if entry.misprint:
            said = "\n".join(equations_of(entry.misprint.computes))
            assert f"Misprint of :equation:`{entry.label}`: {entry.misprint.why}" in said
    assert not any(equations_of(mlp.sigmoid))


def test_an_indented_block_becomes_code() -> None:
    drawn = [
        "Text:",
        "",
        "    x --> y",
        "",
        "    z",
        "",
        "Text.",
        "",
        "    >>> 1",
        "",
        "- item",
        "",
        "  more",
    ]
    marked = with_code_blocks(drawn)
    assert marked[2:5] == [".. code-block:: text", "", "    x --> y"]
    assert marked[5:] == drawn[3:]
    literal = ["As in::", "", "    x"]
    assert with_code_blocks(literal) == literal


def test_a_module_page_begins_with_its_names_in_the_order_of_the_source() -> None:
    said = names_in(mlp)[1]
    assert said.index("mlp.forward>") < said.index("mlp.dE_dy>") < said.index("mlp.gradients>")
    assert "check_arrays" not in said


@pytest.mark.parametrize(
    ("signature", "shown"),
    [
        ("(a: dict[str, int] = <factory>)", "(a: dict[str, int] = ...)"),
        ("(f: ~typing.Callable[[...], int])", "(f: ~typing.Callable[..., int])"),
    ],
)
def test_a_signature_becomes_python(signature: str, shown: str) -> None:
    assert process_signature(None, "function", "f", None, None, signature, "str") == (shown, "str")


def test_a_name_is_resolved_where_it_is_written() -> None:
    assert find_object("Entry", "derivations.oracle.runs") is find_object("derivations.ledger.Entry", None)
    assert find_object("no_such", "derivations.paper.mlp") is None


CONF = """
import sys
sys.path[:0] = [{docs!r}, {docs!r} + "/..", "."]
extensions = ["sphinx.ext.autodoc", "sphinx.ext.viewcode"]
autodoc_default_options = {{"members": True}}
html_theme = "basic"
nitpicky = True
def setup(app):
    from companion.docstrings import add_docstrings
    add_docstrings(app, ["planted"])
"""

PLANTED = '''"""A module.

    x --> y|

More text.
"""
from pathlib import Path

def named(path: Path) -> Path:
    """Name a :class:`Path`{fault}."""
    return path
'''


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "warning"),
    [
        ("", ""),
        (" or :class:`NoSuch`", "reference target not found: NoSuch"),
        (" of |x|", "Undefined substitution"),
    ],
)
def test_a_reference_to_nothing_fails_the_build(tmp_path: Path, fault: str, warning: str) -> None:
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
