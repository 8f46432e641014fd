// One table of the drawing: its title, the words at its rows and columns, its numbers.

import { fitted, svg, widthOf } from "./dom.js";
import { LABEL_FONT } from "./layout.js";
import { shortName, spoken, symbolAsSvg, symbolOf } from "./names.js";
import { rounded } from "./numbers.js";
import { numberAt } from "./terms.js";

const NUMBER_FONT = '12.5px "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif';
const TIGHT_FONT = LABEL_FONT.replace("11.5px", "10px");
const MATH_FONT = "italic 15.5px serif";
const SHAPE_FONT = "10.5px ui-monospace, Menlo, Consolas, monospace";

/** The table of a quantity where the layout has it, still without numbers. */
export function createTable(session, step, box) {
  const quantity = session.quantities[box.id];
  const shape = step.shapes[box.id].numpy;
  const table = { box, quantity, rows: [], labels: new Map(), cells: [] };
  const group = svg("g", { class: "table", "data-quantity": box.id, transform: `translate(${box.x} ${box.y})` });
  group.append(title(box, quantity, shape));
  const grid = svg("g", { role: "grid", "aria-label": `${spoken(quantity)}, ${quantity.name}, shape ${shape}` });
  if (box.heads) grid.append(columnWords(table, step.axes[box.heads]));
  for (let r = 0; r < (box.down?.shown.length ?? 1); r += 1) {
    const line = svg("g", { role: "row" });
    if (box.rows) line.append(rowWord(table, step.axes[box.rows], r));
    table.rows.push(Array.from({ length: box.columns }, (_, c) => createCell(table, line, r, c)));
    grid.append(line);
  }
  table.cells = table.rows.flat();
  const outline = { class: "outline", width: box.right, height: table.rows.length * box.line };
  group.append(grid, svg("rect", outline));
  table.group = group;
  return table;
}

/** The symbol, the shape in NumPy and, where there is room, the name. */
function title(box, quantity, shape) {
  const [x, y] = box.scalar ? [box.right + 8, box.line / 2 + 5] : [0, box.titleY - box.y + 14];
  const room = box.scalar ? (box.room ?? 74) : box.right;
  const [stem, below] = symbolOf(quantity);
  let used = widthOf(stem, MATH_FONT) + widthOf(below, "11px serif") + 7;
  const text = svg("text", { class: "title", x, y }, svg("title", {}, quantity.name), symbolAsSvg(quantity));
  const name = shortName(quantity);
  const arrow = box.scalar ? 4 : 15; // room for one that comes in at the right
  const [shaped, named] = [widthOf(shape, SHAPE_FONT) + 7, widthOf(name, LABEL_FONT) + arrow];
  const eitherOr = used + named <= room && used + shaped + named > room;
  const nameOnly = eitherOr && quantity.axes.length === 2; // on paper a matrix has the same shape, a vector not
  if (quantity.axes.length && !nameOnly && used + shaped < room + 7) {
    text.append(svg("tspan", { class: "shape", dx: 6 }, shape));
    used += shaped;
  }
  if (used + named <= room) text.append(svg("tspan", { class: "name", dx: 7 }, name));
  return text;
}

/** The word at a row. */
function rowWord({ box, labels }, axis, number) {
  const y = number * box.line + box.line / 2 + 4;
  const named = { role: "rowheader", "aria-label": axis.labels[number] }; // in full, should it be cut short
  const text = svg("text", { ...named, class: "label row", x: -box.indent - 7, y }, box.labels[number]);
  labels.set(`${box.rows} ${axis.shown[number]}`, text);
  return text;
}

/** The words over the columns. */
function columnWords({ box, labels }, axis) {
  const line = svg("g", { role: "row" });
  axis.labels.forEach((label, number) => {
    const most = box.cell - 4;
    const tight = widthOf(label, LABEL_FONT) > most;
    const font = tight ? TIGHT_FONT : LABEL_FONT;
    const short = fitted(label, font, most * 1.3);
    const squeezed = widthOf(short, font) > most;
    const text = svg("text", {
      role: "columnheader", "aria-label": label,
      class: tight ? "label head tight" : "label head", x: number * box.cell + box.cell / 2, y: -5,
      textLength: squeezed ? most : null, lengthAdjust: squeezed ? "spacingAndGlyphs" : null,
    }, short);
    line.append(text);
    labels.set(`${box.heads} ${axis.shown[number]}`, text);
  });
  return line;
}

function createCell(table, line, r, c) {
  const { box } = table;
  const place = [...(box.down ? [box.down.shown[r]] : []), ...(box.across ? [box.across.shown[c]] : [])];
  const rect = svg("rect", { x: c * box.cell, y: r * box.line, width: box.cell, height: box.line });
  const text = svg("text", { x: c * box.cell + box.cell / 2, y: r * box.line + box.line / 2 + 4.3 });
  const group = svg("g", { role: "gridcell", class: "cell" }, rect, text);
  const key = keyOf(box.id, place);
  group.dataset.cell = key;
  line.append(group);
  return { key, id: box.id, at: place, r, c, table, group, text, width: box.cell, shown: null, base: "", tab: null };
}

/** The numbers of a step in a table, as far as its stage knows them. */
export function fillTable(table, session, step, stage) {
  const { id } = table.box;
  const { known, changed } = step.stages[stage];
  table.known = known.includes(id);
  const moved = changed.includes(id) ? ` changed stage-${stage}` : "";
  table.group.setAttribute("class", `table ${table.known ? "known" : "unknown"}${moved}`);
  table.group.setAttribute("aria-hidden", table.known ? "false" : "true");
  for (const [where, label] of table.labels) mark(label, where, step);
  if (!table.known) return; // its numbers are hidden
  const stop = table.cells.find((cell) => cell.group === document.activeElement) ?? table.cells[0];
  for (const cell of table.cells) {
    fillCell(cell, numberAt(session, step, id, cell.at), step.moved?.[id]);
    stopAt(cell, cell === stop ? 0 : -1);
    if (cell.named && cell !== stop) cell.group.removeAttribute("aria-label"); // it was that of another step
  }
  nameCell(stop, step);
}

function fillCell(cell, value, moved) {
  const shown = value !== undefined ? rounded(value) : "";
  if (shown !== cell.shown) write(cell, shown);
  const still = moved && !moved.indices.includes(cell.at[moved.axis]);
  const base = `cell${value === 0 ? " zero" : ""}${still ? " still" : ""}`;
  if (base !== cell.base) cell.group.setAttribute("class", (cell.base = base));
}

function write(cell, shown) {
  cell.text.textContent = cell.shown = shown;
  const wide = shown.length > 5 && widthOf(shown, NUMBER_FONT) > cell.width - 3;
  cell.text.setAttribute("class", wide ? "number long" : "number");
  if (wide) cell.text.setAttribute("textLength", cell.width - 4);
  else cell.text.removeAttribute("textLength");
  if (wide) cell.text.setAttribute("lengthAdjust", "spacingAndGlyphs");
}

/** The words of this step stand out among those of the text. */
function mark(label, where, step) {
  const [axis, index] = where.split(" ");
  const target = axis === "V" && Number(index) === step.target.index;
  const context = axis === "C" || (axis === "V" && step.contexts.some((word) => word.index === Number(index)));
  label.classList.toggle("target", target);
  label.classList.toggle("context", context && !target);
}

/** Whether the tab key stops at a number: at one of each table. */
export function stopAt(cell, tab) {
  if (tab === cell.tab) return;
  cell.tab = tab;
  cell.group.setAttribute("tabindex", tab);
}

/** What a screen reader says of a number: its symbol, its words, itself. */
export function nameCell(cell, step) {
  const { quantity } = cell.table;
  const words = quantity.axes.map((axis, depth) => {
    const { shown, labels } = step.axes[axis];
    return axis === "N" ? null : labels[shown.indexOf(cell.at[depth])];
  });
  const name = [spoken(quantity, cell.at), ...words.filter(Boolean)].join(", ");
  cell.group.setAttribute("aria-label", `${name}: ${cell.shown}`);
  cell.named = true;
}

export function keyOf(id, at) {
  return [id, ...at].join(" ");
}
