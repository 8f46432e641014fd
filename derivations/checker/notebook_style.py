"""The style of a report in a notebook: everything under one class, in light and in dark.

The scale runs from blue over the ground to orange, which people who do not tell red from green tell apart;
at both ends the numbers on it stay readable (a test holds them to WCAG's 4.5 to 1). Whether it is light or
dark a page's own theme decides where it says so (Jupyter, VS Code, Colab, Sphinx), else the reader's
system.
"""

from __future__ import annotations

from importlib.resources import files

LIGHT = {
    "ground": "#ffffff",
    "ink": "#1f2328",
    "soft": "#59636e",
    "line": "#d8dee4",
    "good": "#1a7f37",
    "bad": "#b3261e",
    "alarm": "#fdf0ee",
    "plus": "253 166 87",
    "minus": "122 176 233",
}
DARK = {
    "ground": "#16191d",
    "ink": "#e8eaed",
    "soft": "#a3acb5",
    "line": "#363c44",
    "good": "#6cc98a",
    "bad": "#ff9a8f",
    "alarm": "#2c1c1b",
    "plus": "156 76 8",
    "minus": "36 96 166",
}
LIGHT_NOTEBOOKS = (
    '[data-jp-theme-light="true"]',
    ".vscode-light",
    "html[theme=light]",
    "body[data-theme=light]",
)
DARK_NOTEBOOKS = (
    '[data-jp-theme-light="false"]',
    ".vscode-dark",
    ".vscode-high-contrast",
    "html[theme=dark]",
    "body[data-theme=dark]",
)
JUPYTER = {
    "ground": "var(--jp-layout-color0)",
    "ink": "var(--jp-content-font-color1)",
    "soft": "var(--jp-content-font-color2)",
    "line": "var(--jp-border-color2)",
}
"""What Jupyter's own themes set, so that a report sits in them as everything else does."""


def themed(theme: dict[str, str], scheme: str, *where: str) -> str:
    """The colours of a theme, for reports that are inside one of these."""
    selector = ", ".join(f"{place} .dvn-report".strip() for place in where or ("",))
    colours = " ".join(f"--{name}: {value};" for name, value in theme.items())
    return f"{selector} {{ {colours}{scheme and f' color-scheme: {scheme};'} }}"


STYLE = "\n".join(
    [
        "<style>",
        themed(LIGHT, "light"),
        f"@media (prefers-color-scheme: dark) {{ {themed(DARK, 'dark')} }}",
        themed(LIGHT, "light", *LIGHT_NOTEBOOKS),
        themed(DARK, "dark", *DARK_NOTEBOOKS),
        themed(JUPYTER, "", "[data-jp-theme-light]"),
        files("derivations.checker").joinpath("notebook.css").read_text(encoding="utf-8") + "</style>",
    ]
)
