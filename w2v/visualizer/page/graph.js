// The network as one drawing: tables of numbers, the arrows between them, two charts. It is built again when
// its shape changes; otherwise only the numbers are filled in.

import { arrowsOf } from "./arrows.js";
import { lossChart, planeChart } from "./charts.js";
import { calm, svg } from "./dom.js";
import { layoutOf } from "./layout.js";
import { createTable, fillTable, keyOf, nameCell, stopAt } from "./tables.js";

const NARROW = "(max-width: 760px), (max-width: 1000px) and (max-height: 480px)"; // as in style.css

/** The drawing in an element; `pointed` is called with the number that is pointed at, `advance` on a click. */
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
      if (cell) nameCell(cell, this.step);
      this.tell(cell);
    });
    host.addEventListener("keydown", (event) => this.walk(event));
  }

  // --- drawing ---

  draw(session, step, stage) {
    this.session = session;
    this.step = step;
    const known = new Set(step.stages[stage].known);
    this.build(known);
    for (const table of this.tables.values()) fillTable(table, session, step, stage);
    for (const arrow of this.arrows) {
      arrow.element.setAttribute("class", `arrow ${arrow.stage === stage ? "active" : arrow.stage < stage ? "past" : "future"}`);
      arrow.element.setAttribute("marker-end", `url(#head-${arrow.stage === stage ? "active" : "past"})`);
    }
    this.drawLoss(step, known.has("E"));
    this.drawPlane(step, stage);
  }

  /** Build the drawing again if its shape has changed. */
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
      if (box) root.append(this.table(box).group);
    }
    this.drawLoss = lossChart(root, plan.boxes.get("loss"));
    this.drawPlane = planeChart(root, plan.boxes.get("plane"));
    this.cursor = root.appendChild(svg("rect", { class: "cursor", "aria-hidden": "true" }));
    const kept = host.contains(document.activeElement) ? document.activeElement.dataset.cell : null;
    host.replaceChildren(root);
    if (kept && this.cells.has(kept)) this.focus(this.cells.get(kept));
  }

  table(box) {
    const table = createTable(this.session, this.step, box);
    this.tables.set(box.id, table);
    for (const cell of table.cells) this.cells.set(cell.key, cell);
    return table;
  }

  // --- pointing ---

  cellOf(element) {
    const key = element?.closest?.("[data-cell]")?.dataset.cell;
    const cell = key === undefined ? null : (this.cells.get(key) ?? null);
    return cell?.table.known ? cell : null;
  }

  /** What is under the mouse; a number stays selected until another is pointed at, so that the mouse can move to its sum. */
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
    for (const other of cell.table.cells) stopAt(other, other === cell ? 0 : -1);
    cell.group.focus({ preventScroll: false });
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

function top(element) {
  return element.getBoundingClientRect().top;
}

/** The largest number of contexts of a step, so that a word with fewer does not move everything. */
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
