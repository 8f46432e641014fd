"""Configuration of the companion: ``sphinx-build -W docs docs/_build/html``.

The extension ``companion`` generates the pages of the paper's sections, the errata and the tables from the
ledger before Sphinx reads them. Lessons and other prose are files in this folder.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

for verbose in ("jax", "traitlets"):
    logging.getLogger(verbose).setLevel(logging.WARNING)

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "benchmarks")]
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
os.environ["MATPLOTLIBRC"] = str(HERE / "matplotlibrc")  # both for the kernels that run lessons

project = "word2vec Implementation Review: a verified edition"
author = "The editors"
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_design",
    "sphinx_copybutton",
    "companion.extension",
]
source_suffix = {".md": "myst-nb", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "conf.py", "companion/**", "lessons/README.md"]
nitpicky = True
nitpick_ignore = [("py:class", "ndarray")]  # jaxtyping's name for numpy.ndarray

myst_enable_extensions = [
    "dollarmath",
    "colon_fence",
    "deflist",
    "fieldlist",
    "attrs_block",
    "attrs_inline",
]
myst_heading_anchors = 3
myst_ref_domains = ["std"]  # [errata](errata) is the page, and not the module of that name
html_math_renderer = "mathml"

nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_default_options = {
    "members": True,
    "ignore-module-all": True,
}  # document a name only where it is defined
autosummary_generate = False  # companion.api writes these pages
add_module_names = False
toc_object_entries = False  # they would double the build time
smartquotes = False  # W' is not the end of a quotation
python_maximum_signature_line_length = (
    120  # counts the full names of types, which are longer than what is shown
)
python_trailing_comma_in_multi_line_signatures = False
python_use_unqualified_type_names = True
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["companion.css", "practice.css", "checks.css", "api.css"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_show_search_summary = False  # summaries do not work for files opened without a server
html_theme_options = {
    "navigation_with_keys": True,
    "light_css_variables": {
        "verified": "#1c6a41",
        "definition": "#2a5b8c",
        "erratum": "#8a5100",
        "color-brand-primary": "#2a5b8c",
        "color-brand-content": "#2a5b8c",
        "color-brand-visited": "#5a4a8c",
        "color-background-primary": "#fdfcf9",
        "color-background-secondary": "#f6f3ec",
        "color-code-background": "#f4f1ea",
    },
    "dark_css_variables": {
        "verified": "#7ecb9c",
        "definition": "#8dbce6",
        "erratum": "#e2b063",
        "color-brand-primary": "#8dbce6",
        "color-brand-content": "#8dbce6",
        "color-brand-visited": "#b7a8ea",
        "color-background-primary": "#16181b",
        "color-background-secondary": "#1b1e21",
        "color-code-background": "#1f2226",
    },
}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
