// The layout. Every table is a box whose numbers begin at an anchor, with its row labels to the
// left of that; boxes are set in rows and columns on their anchors, so that what belongs to one word or one
// hidden unit is one column all the way down. There are several ways to set them; the one taken is the one
// in which the numbers come out largest.

import { BESIDE } from "./arrows.js";
import { fitted, widthOf } from "./dom.js";

export const LABEL_FONT = '11.5px "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif';

const CELL = 46;
const ONE_HOT = 30;
const LINE = 22.5;
const MANY = 7;
const DENSE = { cell: 43, line: 19, gap: 6 };
const TITLE = 20;
const HEADS = 15;
const GAP = 11;
const GUTTER = 46;
const LONGEST_LABEL = 78;
const SMALLEST = 0.78;
const LARGEST = 1.5;

/** A layout for the room there is: boxes by name, and the size of it all. In a narrow room, which is
 * scrolled, only what is known has a place. */
export function layoutOf(session, step, known, reserved, room) {
  const kit = tables(session, step, room.narrow ? known : null, reserved);
  const candidates = room.narrow
    ? [[1, 0, 0], [0, 0, 0]]
    : [[1, 1, 1], [1, 0, 1], [0, 1, 1], [0, 0, 1], [1, 1, 0], [0, 0, 0]];
  const plans = candidates.map(([left, right, wide]) => {
    const plan = arrange(kit, session.loss, { left, right, wide });
    const across = Math.min(LARGEST, room.width / plan.width);
    const whole = Math.min(across, room.height / plan.height);
    plan.scale = room.narrow || whole < SMALLEST ? Math.max(SMALLEST, Math.min(across, room.narrow ? 1.15 : 1)) : whole;
    if (!room.narrow && whole >= SMALLEST) plan.score = 10 + whole;
    else plan.score = across < SMALLEST ? across : 5 + Math.min(across, 1) - (0.3 * plan.scale * plan.height) / room.height;
    return plan;
  });
  return plans.reduce((one, other) => (other.score > one.score ? other : one));
}

// --- tables ------------------------------------------------------------------------------------------

function tables(session, step, known, reserved) {
  const many = Object.values(step.axes).some((axis) => axis.shown.length > MANY);
  const size = many ? DENSE : { cell: CELL, line: LINE, gap: GAP };
  kit.gap = size.gap;
  return kit;

  function kit(id, { column = false, rows = null, heads = null, width = size.cell, indent = 0 } = {}) {
    if (known && !known.has(id)) return null;
    const axes = session.quantities[id].axes.map((axis) => ({ axis, ...step.axes[axis] }));
    const [down, across] = axes.length === 2 ? axes : column ? [axes[0], null] : [null, axes[0] ?? null];
    const labels = rows ? labelled(rows, step) : [];
    const longest = Math.max(0, ...labels.map((label) => widthOf(label, LABEL_FONT)));
    const lines = down ? Math.max(down.shown.length, reserved[down.axis] ?? 0) : 1;
    const columns = across ? across.shown.length : 1;
    const scalar = axes.length === 0;
    const top = scalar ? 0 : TITLE + (heads ? HEADS : 0);
    return {
      kind: "table", id, scalar, down, across, rows, heads, indent, labels,
      lines, columns, cell: width, line: size.line, top,
      left: rows ? indent + longest + 10 : indent,
      right: columns * width,
      height: top + lines * size.line,
    };
  }
}

/** The labels of an axis, short enough to stand beside a table. */
function labelled(axis, step) {
  return step.axes[axis].labels.map((label) => fitted(label, LABEL_FONT, LONGEST_LABEL));
}

function chart(id, width, height) {
  return { kind: "chart", id, left: 0, right: width, height };
}

// --- setting boxes -------------------------------------------------------------------------------------

/** Boxes below each other, on one anchor. */
function column(boxes, gap) {
  const there = boxes.filter(Boolean);
  if (!there.length) return null;
  return {
    left: Math.max(...there.map((box) => box.left)),
    right: Math.max(...there.map((box) => box.right)),
    height: there.reduce((sum, box) => sum + box.height + gap, -gap),
    place(x, y, put) {
      let top = y;
      for (const box of there) {
        set(box, x, top, put);
        top += box.height + gap;
      }
    },
  };
}

/** Boxes beside each other; the anchor is that of the first. */
function row(boxes, gap = BESIDE) {
  const there = boxes.filter(Boolean);
  if (!there.length) return null;
  const [first, ...rest] = there;
  return {
    left: first.left,
    right: rest.reduce((sum, box) => sum + gap + box.left + box.right, first.right),
    height: Math.max(...there.map((box) => box.height)),
    place(x, y, put) {
      let at = x;
      there.forEach((box, number) => {
        if (number) at += there[number - 1].right + gap + box.left;
        set(box, at, y, put);
      });
    },
  };
}

/** A box with another at the left, in the room that its indent leaves. */
function withLeft(box, other) {
  return { ...box, place(x, y, put) {
    set({ ...box, place: undefined }, x, y, put);
    put({ ...other, x: x - box.indent + 2, y: y + box.top, titleY: y + box.top - other.top });
  } };
}

/** A box that begins so far to the left of the anchor. */
function shifted(box, by) {
  return { ...box, left: by, right: box.right - by, place: (x, y, put) => box.place(x - by, y, put) };
}

/** Room where nothing stands. */
function blank(height) {
  return { left: 0, right: 0, height, place() {} };
}

function set(box, x, y, put) {
  if (box.place) box.place(x, y, put);
  else put({ ...box, x, y: y + (box.top ?? 0), titleY: y });
}

// --- the whole -------------------------------------------------------------------------------------------

function arrange(table, loss, { left, right, wide }) {
  const softmax = loss === "softmax";
  const words = { indent: ONE_HOT + 10 };
  const back = softmax ? "dE_dh" : "EH";
  const outputs = loss === "hs" ? "J" : "V";
  const x = table("x", { column: true, width: ONE_HOT });
  const W = withLeft(table("W", { ...words, rows: "V", heads: "N" }), x);
  const W_new = table("W_new", left ? { heads: "N" } : { ...words, rows: "V", heads: "N" });
  const dE_dW = table("dE_dW", { ...words, rows: "V", heads: "N" });
  const step_W = table("step_W", left ? { heads: "N" } : { ...words, rows: "V", heads: "N" });
  const there = [left ? row([W, W_new]) : W, table("h", words)];
  const again = [table(back, words), left ? row([dE_dW, step_W]) : dE_dW];
  if (!left) again.push(step_W, W_new);

  const output = (id, labelled = true) => table(id, { rows: labelled ? "N" : null, heads: outputs });
  const besides = right && softmax;
  const middle = softmax ? softmaxRows(table, besides) : sampleRows(table, loss, wide);
  const top = right ? row([output("W_prime"), output("W_prime_new", false)]) : output("W_prime");
  const bottom = right ? row([output("dE_dW_prime"), output("step_W_prime", false)]) : output("dE_dW_prime");
  const forth = [top, besides ? row([middle, aside(table, middle.height, top.right)]) : middle];
  const last = right ? [bottom] : [bottom, output("step_W_prime"), output("W_prime_new")];
  const beneath = wide && left && !softmax; // there the left half is the lower one
  const pictures = wide
    ? [row([chart("loss", 160, 110), chart("plane", 186, 110)], 20)]
    : [chart("loss", 230, 96), chart("plane", 230, 140)];
  const charts = besides || beneath ? [] : pictures;
  if (beneath) again.push(shifted(pictures[0], 78));

  const whole = wide
    ? row([column([...there, ...again], table.gap + 3), column([...forth, ...last, ...charts], table.gap)], GUTTER)
    : column([...there, ...forth, ...last, ...again, ...charts], GAP + 3);
  const boxes = new Map();
  whole.place(whole.left + 2, 2, (box) => boxes.set(box.id, box));
  const aisle = besides ? 18 : 26; // for arrows that go around
  return { boxes, width: whole.left + whole.right + aisle, height: whole.height + 6, wide };
}

function softmaxRows(table, besides) {
  const scalars = besides ? null : row([table("E"), table("alpha")], 78);
  const rows = [table("u"), table("y"), scalars && blank(1), scalars, table("t", { rows: "C" }), table("e", { rows: "C" }), table("EI")];
  return column(rows, table.gap);
}

/** What stands beside u, y and the errors: two numbers, each with its name to the right, and two pictures. */
function aside(table, height, width) {
  const size = (width - BESIDE) / 2;
  const [E, alpha] = [table("E"), table("alpha")];
  alpha.room = E.room = size - E.right;
  const between = TITLE - table.gap; // the learning rate stands beside u, and E beside y
  const room = height - 2 * (TITLE + E.height) - 3 * table.gap - 4;
  const loss = Math.min(100, room * 0.42);
  const charts = [chart("loss", size, loss), chart("plane", size, Math.max(60, room - loss))];
  return column([blank(between), alpha, blank(between), E, ...charts], table.gap);
}

/** Negative sampling has a row for each sample, the tree a row for each node. */
function sampleRows(table, loss, wide) {
  const letter = loss === "hs" ? "L" : "D";
  const outputs = loss === "hs" ? "J" : "V";
  const down = { column: true };
  const scores = ["u", "y", "t", "e"].map((id) => table(id, { ...down, width: id === "t" ? ONE_HOT : undefined }));
  const scalars = ["p", "E", "alpha"].filter((id) => id !== "p" || loss === "hs").map((id) => table(id));
  const vectors = table("v_prime", { rows: letter });
  return column([
    table("S", { rows: letter, heads: wide ? null : outputs }),
    wide ? row([vectors, ...scores], 14) : vectors,
    wide ? null : row(scores, 14),
    blank(8), // for the arrows beneath
    row(scalars, 84),
  ], table.gap);
}
