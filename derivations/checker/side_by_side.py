"""Two gradients beside each other as lines of text, with their difference where there is room for it.

    W                hand        automatic   hand − automatic
              0.5  ▸ 0.25      0.5     0.5      ·  ▸ -0.25
                1       2        1       2      ·        ·

An arrow is at the worst entry, a dot where both are equal. What differs is also in colour.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from derivations.checker.values import Pair, Window, number, window

ROWS, COLUMNS = 8, 8
"""Of a larger array, the part around the worst entry is shown."""
BETWEEN = "    "
WORST, EQUAL = "▸ ", "·"
HEADS = ("hand", "automatic", "hand − automatic")
STYLES = ("red", "green", "")

Block = list[Text]
"""Lines of equal width."""


def side_by_side(found: Pair, name: str, width: int) -> Text:
    """The gradients for one argument in lines of at most ``width`` characters, where that can be."""
    for columns in range(COLUMNS, 0, -1):
        cut = window(found.hand.shape, found.worst, ROWS, columns)
        blocks = [block(found, cut, which) for which in range(len(HEADS))]
        both, all_three = (together(blocks[:count]) for count in (2, 3))
        if all_three[0].cell_len <= width or both[0].cell_len <= width:
            break
    lines = all_three if all_three[0].cell_len <= width else both
    title = Text(name, "bold").append(f"  {cut.says}" if cut.says else "", "not bold dim")
    return Text("\n").join([title, *lines])


def block(found: Pair, cut: Window, which: int) -> Block:
    """One of the three arrays: its head, then a line for each row that is shown."""
    rows = [[cell(found, cut.entry(i, j), which) for j in cut.columns] for i in cut.rows]
    lines = aligned(rows)
    wide = max(len(HEADS[which]), lines[0].cell_len if lines else 0)
    for line in lines:
        line.pad_left(0)
        line.pad_right(wide - line.cell_len)
    return [Text(HEADS[which].ljust(wide), "dim"), *lines]


def cell(found: Pair, entry: tuple[int, ...], which: int) -> Text:
    """The text of one entry: its arrow, and its number."""
    wrong = bool(found.wrong[entry])
    hand_and_automatic = found.texts(entry)
    if which < 2:
        text = hand_and_automatic[which]
    else:
        text = number(found.difference[entry], 3) if wrong else EQUAL
    worst = entry == found.worst
    style = f"{STYLES[which]}{' bold' if worst else ''}" if wrong else "dim"
    return Text.assemble((WORST if worst else "", "bold"), (text, style))


def aligned(rows: Sequence[Sequence[Text]]) -> Block:
    """Cells as lines, each column flush right."""
    if not rows or not rows[0]:
        return [Text("(empty)", "dim")]
    wide = [max(row[column].cell_len for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        for text, size in zip(row, wide, strict=True):
            text.pad_left(size - text.cell_len)
    return [Text("  ").join(row) for row in rows]


def together(blocks: Sequence[Block]) -> Block:
    """Blocks from left to right."""
    return [Text(BETWEEN).join(lines) for lines in zip(*blocks, strict=True)]
