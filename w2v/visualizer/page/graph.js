// The network as one drawing: tables of numbers, the path between them, two pictures. It is built when its
// shape changes, and else only the numbers in it are.

import { arrowsOf } from "./arrows.js";
import { lossChart, planeChart } from "./charts.js";
import { calm, fitted, svg, widthOf } from "./dom.js";
import { LABEL_FONT, layoutOf } from "./layout.js";
import { shortName, spoken, symbolAsSvg, symbolOf } from "./names.js";
import { rounded } from "./numbers.js";
import { numberAt } from "./recipe.js";

const NUMBER_FONT = '12.5px "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif';
const TIGHT_FONT = LABEL_FONT.replace("11.5px", "10px");
const MATH_FONT = "italic 15.5px serif";
const NARROW = "(max-width: 760px), (max-width: 1000px) and (max-height: 480px)"; // as in style.css
const SHAPE_FONT = "10.5px ui-monospace, Menlo, Consolas, monospace";

/** The drawing in an element; `pointed` is told which number is pointed at, `advance` that it is clicked. */
export function createGraph(host, { pointed, advance }) {
  const graph = new Graph(host, pointed);
  host.addEventListener("click", (event) => {
    const cell = graph.cellOf(event.target);
    if (cell && event.pointerType !== "mouse") graph.focus(cell); // a finger or a pen points by touching
    else if (!host.ownerDocument.getSelection()?.toString()) advance();
  });
  host.addEventListener("mousedown", (event) => graph.cellOf(event.target) && event.preventDefault()); // no focus
  return graph;
}

class Graph {
  constructor(host, pointed) {
    this.host = host;
    this.pointed = pointed;
    this.key = "";
    this.reserved = {};
    this.cells = new Map();
    host.addEventListener("pointerover", (event) => event.pointerType === "mouse" && this.hover(event.target));
    host.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.hover(null));
    host.addEventListener("focusin", (event) => {
      const cell = this.cellOf(event.target);
      if (cell) this.name(cell);
      this.tell(cell);
    });
    host.addEventListener("keydown", (event) => this.walk(event));
  }

  // --- drawing ---

  draw(session, step, stage) {
    this.session = session;
    this.step = step;
    const known = new Set(step.stages[stage].known);
    const changed = new Set(step.stages[stage].changed);
    this.build(known);
    for (const table of this.tables.values()) this.fill(table, known, changed, stage);
    for (const arrow of this.arrows) {
      arrow.element.setAttribute("class", `arrow ${arrow.stage === stage ? "active" : arrow.stage < stage ? "past" : "future"}`);
      arrow.element.setAttribute("marker-end", `url(#head-${arrow.stage === stage ? "active" : "past"})`);
    }
    this.drawLoss(step, known.has("E"));
    this.drawPlane(step, stage);
  }

  /** Build the drawing anew if it would have another shape than it has. */
  build(known) {
    const { session, step, host } = this;
    if (session.id !== this.reservedFor) this.reserved = { C: mostContexts(session, step) };
    this.reservedFor = session.id;
    for (const axis of ["C", "L", "D"]) {
      const size = step.axes[axis]?.shown.length ?? 0;
      if (size > (this.reserved[axis] ?? 0)) this.reserved[axis] = size;
    }
    const narrow = matchMedia(NARROW).matches;
    const room = { width: host.clientWidth - 4, height: host.clientHeight - 6, narrow };
    const shape = Object.entries(step.axes).map(([axis, { shown, labels }]) => [axis, shown, labels]);
    const key = JSON.stringify([session.id, shape, this.reserved, room, narrow ? [...known] : null]);
    if (key === this.key) return;
    this.key = key;
    const plan = layoutOf(session, step, known, this.reserved, room);
    this.whole = !narrow && plan.scale * plan.height <= room.height + 1 && plan.scale * plan.width <= room.width + 1;
    this.tables = new Map();
    this.cells.clear();
    const [width, height] = [plan.width, plan.height];
    const root = svg("svg", {
      class: "network", viewBox: `0 0 ${width} ${height}`, width: width * plan.scale, height: height * plan.scale,
      role: "group", "aria-label": "The network: every quantity of this step",
    });
    root.append(heads());
    const lines = svg("g", { class: "arrows", "aria-hidden": "true" });
    this.arrows = arrowsOf(session, plan).map((arrow) => ({
      ...arrow, element: lines.appendChild(svg("path", { d: arrow.d, "data-path": `${arrow.from} ${arrow.to}` })),
    }));
    root.append(lines);
    for (const id of Object.keys(session.quantities)) {
      const box = plan.boxes.get(id);
      if (box) root.append(this.table(box));
    }
    this.drawLoss = lossChart(root, plan.boxes.get("loss"));
    this.drawPlane = planeChart(root, plan.boxes.get("plane"));
    this.cursor = root.appendChild(svg("rect", { class: "cursor", "aria-hidden": "true" }));
    const kept = host.contains(document.activeElement) ? document.activeElement.dataset.cell : null;
    host.replaceChildren(root);
    if (kept && this.cells.has(kept)) this.focus(this.cells.get(kept));
  }

  table(box) {
    const { session, step } = this;
    const quantity = session.quantities[box.id];
    const shape = step.shapes[box.id].numpy;
    const table = { box, quantity, rows: [], labels: new Map() };
    const group = svg("g", { class: "table", "data-quantity": box.id, transform: `translate(${box.x} ${box.y})` });
    group.append(this.title(box, quantity, shape));
    if (box.rows) {
      box.labels.forEach((label, number) => {
        const y = number * box.line + box.line / 2 + 4;
        const text = svg("text", { class: "label row", x: -box.indent - 7, y }, label);
        group.append(text);
        table.labels.set(`${box.rows} ${step.axes[box.rows].shown[number]}`, text);
      });
    }
    if (box.heads) this.heads(box, group, table);
    const grid = svg("g", { role: "grid", "aria-label": `${spoken(quantity)}, ${quantity.name}, shape ${shape}` });
    for (let r = 0; r < (box.down?.shown.length ?? 1); r += 1) {
      const line = svg("g", { role: "row" });
      const cells = [];
      for (let c = 0; c < box.columns; c += 1) cells.push(this.cell(box, quantity, r, c, line, table));
      table.rows.push(cells);
      grid.append(line);
    }
    const outline = { class: "outline", width: box.right, height: table.rows.length * box.line };
    group.append(grid, svg("rect", outline));
    table.group = group;
    this.tables.set(box.id, table);
    return group;
  }

  /** The symbol, the shape in NumPy and, where there is room, the name. */
  title(box, quantity, shape) {
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

  heads(box, group, table) {
    const axis = this.step.axes[box.heads];
    axis.labels.forEach((label, number) => {
      const most = box.cell - 4;
      const tight = widthOf(label, LABEL_FONT) > most;
      const font = tight ? TIGHT_FONT : LABEL_FONT;
      const short = fitted(label, font, most * 1.3);
      const squeezed = widthOf(short, font) > most;
      const text = svg("text", {
        class: tight ? "label head tight" : "label head", x: number * box.cell + box.cell / 2, y: -5,
        textLength: squeezed ? most : null, lengthAdjust: squeezed ? "spacingAndGlyphs" : null,
      }, short);
      group.append(text);
      table.labels.set(`${box.heads} ${axis.shown[number]}`, text);
    });
  }

  cell(box, quantity, r, c, line, table) {
    const place = [...(box.down ? [box.down.shown[r]] : []), ...(box.across ? [box.across.shown[c]] : [])];
    const rect = svg("rect", { x: c * box.cell, y: r * box.line, width: box.cell, height: box.line });
    const text = svg("text", { x: c * box.cell + box.cell / 2, y: r * box.line + box.line / 2 + 4.3 });
    const group = svg("g", { role: "gridcell", class: "cell" }, rect, text);
    const key = keyOf(box.id, place);
    const cell = { key, id: box.id, at: place, r, c, table, group, text, width: box.cell, shown: null, base: "", tab: null };
    group.dataset.cell = key;
    this.cells.set(key, cell);
    line.append(group);
    return cell;
  }

  fill(table, known, changed, stage) {
    const { session, step } = this;
    const { id } = table.box;
    const is = table.known = known.has(id);
    const moved = step.moved?.[id];
    table.group.setAttribute("class", `table ${is ? "known" : "unknown"}${changed.has(id) ? ` changed stage-${stage}` : ""}`);
    table.group.setAttribute("aria-hidden", is ? "false" : "true");
    for (const [where, label] of table.labels) this.mark(label, where);
    if (!is) return; // its numbers are hidden
    const cells = table.rows.flat();
    const stop = cells.find((cell) => cell.group === document.activeElement) ?? cells[0];
    for (const cell of cells) {
      const value = numberAt(session, step, id, cell.at);
      const shown = value !== undefined ? rounded(value) : "";
      if (shown !== cell.shown) {
        cell.text.textContent = cell.shown = shown;
        const wide = shown.length > 5 && widthOf(shown, NUMBER_FONT) > cell.width - 3;
        cell.text.setAttribute("class", wide ? "number long" : "number");
        if (wide) cell.text.setAttribute("textLength", cell.width - 4);
        else cell.text.removeAttribute("textLength");
        if (wide) cell.text.setAttribute("lengthAdjust", "spacingAndGlyphs");
      }
      const still = moved && !moved.indices.includes(cell.at[moved.axis]);
      const base = `cell${value === 0 ? " zero" : ""}${still ? " still" : ""}`;
      if (base !== cell.base) cell.group.setAttribute("class", (cell.base = base));
      const tab = cell === stop ? 0 : -1;
      if (tab !== cell.tab) this.stop(cell, tab);
    }
    this.name(stop);
  }

  mark(label, where) {
    const { step } = this;
    const [axis, index] = where.split(" ");
    const target = axis === "V" && Number(index) === step.target.index;
    const context = axis === "C" || (axis === "V" && step.contexts.some((word) => word.index === Number(index)));
    label.classList.toggle("target", target);
    label.classList.toggle("context", context && !target);
  }

  // --- pointing ---

  cellOf(element) {
    const key = element?.closest?.("[data-cell]")?.dataset.cell;
    const cell = key === undefined ? null : (this.cells.get(key) ?? null);
    return cell?.table.known ? cell : null;
  }

  /** What is under the mouse; a number stays pointed at until another is, so that its sum can be gone to. */
  hover(element) {
    this.over = this.cellOf(element);
    if (this.over) this.tell(this.over);
  }

  tell(cell) {
    if (cell) this.pointed({ id: cell.id, at: cell.at });
  }

  /** Whether the mouse or the focus still is on a number. */
  holds({ id, at }) {
    const key = keyOf(id, at);
    return this.over?.key === key || this.cellOf(document.activeElement)?.key === key;
  }

  focus(cell) {
    for (const other of cell.table.rows.flat()) if (other.tab === 0) this.stop(other, -1);
    this.stop(cell, 0);
    cell.group.focus({ preventScroll: false });
  }

  /** What a screen reader says of a number: its symbol, its words, itself. */
  name(cell) {
    const { quantity } = cell.table;
    const words = quantity.axes.map((axis, depth) => {
      const { shown, labels } = this.step.axes[axis];
      return axis === "N" ? null : labels[shown.indexOf(cell.at[depth])];
    });
    const name = [spoken(quantity, cell.at), ...words.filter(Boolean)].join(", ");
    cell.group.setAttribute("aria-label", `${name}: ${cell.shown}`);
  }

  /** Whether the tab key stops at a number: at one of each table. */
  stop(cell, tab) {
    cell.tab = tab;
    cell.group.setAttribute("tabindex", tab);
  }

  /** Point at a number from elsewhere: one in a written sum. */
  point({ q, at }) {
    const cell = this.cells.get(keyOf(q, at));
    if (cell) this.focus(cell);
  }

  /** The arrow keys go from number to number within a table. */
  walk(event) {
    const cell = this.cellOf(event.target);
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!cell || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    const next = cell.table.rows[cell.r + move[0]]?.[cell.c + move[1]];
    if (next) this.focus(next);
  }

  /** Light up a number, and the numbers that it was made of, each quantity in its own colour. */
  light(pointed, terms, colours) {
    for (const cell of this.lit ?? []) cell.group.setAttribute("class", cell.base);
    for (const label of this.litLabels ?? []) label.classList.remove("lit");
    this.lit = [];
    this.litLabels = [];
    this.cursor?.setAttribute("class", "cursor");
    if (!pointed) return;
    for (const term of terms) {
      const cell = term.q ? this.cells.get(keyOf(term.q, term.at)) : null;
      if (cell) this.paint(cell, `operand-${colours.get(term.q)}`);
    }
    const cell = this.cells.get(keyOf(pointed.id, pointed.at));
    if (cell) {
      this.paint(cell, "pointed");
      const { box } = cell.table;
      const [x, y] = [box.x + cell.c * box.cell, box.y + cell.r * box.line];
      for (const [name, value] of Object.entries({ x, y, width: box.cell, height: box.line, class: "cursor on" })) {
        this.cursor.setAttribute(name, value);
      }
    }
    const { axes } = this.session.quantities[pointed.id];
    const places = new Set(axes.map((axis, depth) => `${axis} ${pointed.at[depth]}`));
    for (const table of this.tables.values()) {
      for (const [where, label] of table.labels) {
        if (places.has(where)) {
          label.classList.add("lit");
          this.litLabels.push(label);
        }
      }
    }
  }

  paint(cell, how) {
    cell.group.setAttribute("class", `${cell.group.getAttribute("class")} ${how}`);
    this.lit.push(cell);
  }

  /** Single out one of the numbers that are lit. */
  single(term) {
    this.singled?.group.classList.remove("singled");
    this.singled = term ? this.cells.get(keyOf(term.q, term.at)) : null;
    this.singled?.group.classList.add("singled");
  }

  /** Bring what a stage changed into view, where not all of the drawing is. */
  show(ids) {
    if (this.whole) return;
    const groups = ids.map((id) => this.tables.get(id)?.group).filter(Boolean);
    const highest = groups.reduce((one, other) => (!one || top(other) < top(one) ? other : one), null);
    highest?.scrollIntoView({ block: "center", inline: "nearest", behavior: calm() ? "auto" : "smooth" });
  }
}

function keyOf(id, at) {
  return [id, ...at].join(" ");
}

function top(element) {
  return element.getBoundingClientRect().top;
}

/** How many contexts a step of this walk can have, so that a word with fewer does not move everything. */
function mostContexts(session, step) {
  const most = 2 * session.settings.window;
  const longest = session.sentences ? Math.max(...session.sentences.map((words) => words.length)) - 1 : most;
  return Math.max(1, Math.min(most, longest, session.limits.contexts ?? 12, 12));
}

function heads() {
  const head = (name) => svg("marker", {
    id: `head-${name}`, class: `head ${name}`, viewBox: "0 0 8 8", refX: 6.5, refY: 4, markerWidth: 8, markerHeight: 8,
    markerUnits: "userSpaceOnUse", orient: "auto-start-reverse",
  }, svg("path", { d: "M0.8 0.8L7 4L0.8 7.2" }));
  return svg("defs", {}, head("active"), head("past"));
}
