"""How the companion is built: ``sphinx-build -W docs docs/_build/html``.

Everything that the code knows is asked of it: ``companion`` writes the pages of the paper's sections, the
errata and the tables from the ledger before Sphinx reads a page. What is typed here is prose.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

project = "The edition of a paper that cannot be wrong"
author = "The editors"
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinx_design",
    "sphinx_copybutton",
    "companion",
]
source_suffix = {".md": "myst-nb"}
exclude_patterns = ["_build", "conf.py", "companion/**", "lessons/README.md"]
nitpicky = True
numfig = False
today_fmt = "%Y-%m-%d"

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist", "attrs_block", "attrs_inline"]
myst_heading_anchors = 3
html_math_renderer = "mathml"

nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "off"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_default_options = {"members": True}
python_use_unqualified_type_names = True
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_title = "The edition of a paper that cannot be wrong"
html_static_path = ["_static"]
html_css_files = ["companion.css"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "friendly"
pygments_dark_style = "native"
