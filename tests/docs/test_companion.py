"""The Sphinx extension: planted faults fail the build, and the warning names them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from companion import relations
from companion.contents import in_words, markdown, part_of, symbol, title_of

from derivations.history import rnnlm
from derivations.ledger import find, ledger
from derivations.paper import mlp, skipgram
from derivations.techniques import cbow
from tests.browser.links import follow_all

DOCS = Path(__file__).parents[2] / "docs"
CONF = """
import sys
sys.path[:0] = [{docs!r}, {docs!r} + "/.."]
extensions = ["myst_nb"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_custom_formats = {{".py": ["jupytext.reads", {{"fmt": "py:percent"}}]}}
exclude_patterns = ["conf.py"]
nitpicky = True
html_theme = "basic"
html_math_renderer = "mathml"
def setup(app):
    from companion.equations import add_equations
    add_equations(app)
"""

GOOD = """# A page

:::{entry} mlp.dE_dy
:status: verified
:where: p. 4

$y_j - t_j$
:::

See {equation}`mlp.dE_dy`.
"""


def warnings_of(folder: Path, page: str, name: str = "index.md") -> str:
    """Return what a build of one page writes to standard error."""
    source = folder / "docs"
    source.mkdir()
    (source / "conf.py").write_text(CONF.format(docs=str(DOCS)), encoding="utf-8")
    (source / "index.md").write_text("# A\n\n```{toctree}\nb\n```\n", encoding="utf-8")
    (source / name).write_text(page, encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-qN", "-d", folder / "trees", source, folder / "html"]
    return subprocess.run(command, capture_output=True, text=True).stderr


@pytest.mark.slow
def test_a_good_page_builds_and_equations_without_a_page_are_named(tmp_path: Path) -> None:
    said = warnings_of(tmp_path, GOOD).splitlines()
    missing = [entry.label for entry in ledger() if entry.label != "mlp.dE_dy"]
    assert said == [f"WARNING: {label} is on no page" for label in missing]
    assert follow_all(tmp_path / "html").broken == []
    text = (tmp_path / "html" / "index.html").read_text(encoding="utf-8")
    assert 'id="mlp.dE_dy"' in text
    assert 'href="#mlp.dE_dy"' in text
    assert "<math" in text


FAULTS = {
    "{equation}`mlp.dE_dz`": "'equation' reference target not found: mlp.dE_dz",
    GOOD.partition("\n")[2]: "duplicate equation description of mlp.dE_dy",
    r"$\nonsense{y_j}$": r"no MathML for \nonsense",
    "[nowhere](nowhere.md)": "nowhere.md",
    "{func}`derivations.paper.mlp.no_such`": "derivations.paper.mlp.no_such",
}


@pytest.mark.slow
def test_each_planted_fault_is_named_by_a_warning(tmp_path: Path) -> None:
    said = warnings_of(tmp_path, GOOD + "\n" + "\n\n".join(FAULTS))
    for fault in FAULTS.values():
        assert fault in said


@pytest.mark.slow
def test_a_cell_that_fails_fails_the_build(tmp_path: Path) -> None:
    said = warnings_of(tmp_path, "# %% [markdown]\n# # A\n\n# %%\nassert 1 == 2\n", name="b.py")
    assert "ExecutionError" in said


def test_broken_links_missing_anchors_and_external_requests_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<a href="b.html">b</a><a href="#x">x</a><a id="y" href="#y">y</a><script src="https://cdn.example/a.js">'
        '</script><a href="https://elsewhere.example">e</a><a href="../outside.html">o</a>',
        encoding="utf-8",
    )
    (tmp_path.parent / "outside.html").write_text("", encoding="utf-8")
    found = follow_all(tmp_path)
    assert [broken.partition(": ")[2] for broken in found.broken] == [
        "#x (no such place)",
        "../outside.html (no such page)",
        "b.html (no such page)",
    ]
    assert found.fetched == {"https://cdn.example/a.js"}
    assert found.leaving == {"https://elsewhere.example"}


# --- what a page shows ----------------------------------------------------------------------------------


def test_an_equation_lists_the_equations_that_it_uses() -> None:
    assert {"mlp.dE_dy", "mlp.dy_du_prime"} <= set(relations.builds_on(find("mlp.flow.EI_prime")))
    assert "skipgram.flow.EI" in relations.builds_on(find("skipgram.flow.dE_dW_prime"))
    assert "mlp.flow.dE_dW" in relations.relying_on(find("mlp.dy_du_prime"))
    assert relations.relying_on(find("mlp_figure.W_cells")) == []


def test_titles_and_headings_come_from_the_modules() -> None:
    assert title_of(mlp) == "Backpropagation through one hidden layer of sigmoids, with a squared error"
    assert title_of(cbow) == "The continuous bag of words, CBOW"
    assert title_of(rnnlm) == "The recurrent language model, and backpropagation through time"
    assert part_of(mlp.dE_dy) == "Partial derivatives, in the paper's order"


def test_a_docstring_becomes_markdown_with_its_diagrams_as_code() -> None:
    text = markdown(skipgram.__doc__ or "")
    assert text.startswith("The skip-gram with a softmax over the whole vocabulary.")
    assert "```text\nx  --W-->  h" in text
    assert in_words("the row ``u_{c,j}`` of u_{c,j}") == "the row `u_{c,j}` of u<sub>c,j</sub>"
    assert symbol("EI'_j") == "EI′<sub>j</sub>"
    assert symbol("E") == "E"
