// The arrows from one table to another, around the tables between them.

const LANE = 8;
const CLEAR = 4;
const FAR = 260;
export const BESIDE = 26; // as far as two tables stand apart

/** The arrows of a layout as paths {from, to, stage, d}; those that would cross a table are left out. */
export function arrowsOf(session, plan) {
  const boxes = [...plan.boxes.values()].map(area);
  const byName = new Map(boxes.map((box) => [box.id, box]));
  const map = { boxes, width: plan.width, gutter: plan.wide ? between(boxes, byName.get("W_prime")) : null,
    lanes: { gutter: 0, right: 0, left: 0, below: 0 } };
  return session.arrows.flatMap(([from, to, stage]) => {
    const [a, b] = [byName.get(from), byName.get(to)];
    const d = a && b ? way(a, b, map) : null;
    return d ? [{ from, to, stage, d }] : [];
  });
}

/** Where a box has its numbers, how far its labels reach to the left, and where its title begins. */
function area(box) {
  const height = box.down ? box.down.shown.length * box.line : box.kind === "table" ? box.line : box.height;
  const labels = box.labels?.length && box.id !== "W" ? box.left - box.indent : 0;
  return { id: box.id, left: box.x, right: box.x + box.right, top: box.y, bottom: box.y + height, labels,
    heads: box.heads ? 15 : 0, title: box.titleY ?? box.y };
}

/** Between the two halves: where a line can run down without crossing a number or a label. */
function between(boxes, first) {
  return Math.min(...boxes.filter((box) => box.left >= first.left - 1).map((box) => box.left - box.labels)) - 8;
}

function way(a, b, map) {
  const level = overlap(a.top, a.bottom, b.top, b.bottom);
  if (level && b.left >= a.right) {
    if (clear(map.boxes, a, b, "x")) return line(a.right + CLEAR, level.at, b.left - b.labels - CLEAR, level.at);
    return beneath(a, b, map);
  }
  if (a.id === "x" && (map.gutter !== null || b.top - a.bottom < FAR)) return cornered(a, b);
  const under = overlap(a.left, a.right, b.left, b.right);
  if (under && clear(map.boxes, a, b, "y")) {
    const wanted = under.size > 70 ? under.to - 9 : under.from + under.size / 2;
    const at = firstFree(map, [wanted, under.to - 4, under.from + 4], a, b) ?? wanted;
    const gap = b.top > a.bottom ? b.top - b.heads - a.bottom : a.top - a.heads - b.bottom;
    const free = gap > 16 ? CLEAR : 1;
    return b.top > a.bottom
      ? line(at, a.bottom + free, at, b.top - b.heads - free)
      : line(at, a.top - a.heads - free, at, b.bottom + free);
  }
  if (map.gutter === null && Math.abs(b.top - a.bottom) > FAR) return null;
  const half = (box) => (map.gutter !== null && box.left < map.gutter ? 0 : 1);
  if (half(a) !== half(b)) return across(a, b, half(a) < half(b), map);
  if (!under && b.top > a.bottom) return dropped(a, b, map);
  return around(a, b, map);
}

/** From the input, at the left of its matrix: down, and then to the right. */
function cornered(a, b) {
  if (b.top < a.bottom) return null;
  const at = (a.left + a.right) / 2;
  const y = centre(b);
  return bent([[at, a.bottom + CLEAR], [at, y], [b.left - CLEAR, y]]);
}

/** To a table further right in the same row: below the tables between. */
function beneath(a, b, map) {
  const y = lowest(map, a.left, b) + 4 + 3.5 * (map.lanes.below++ % 3);
  return bent([[middle(a), a.bottom + 2], [middle(a), y], [middle(b), y], [middle(b), b.bottom + 2]]);
}

/** The lower end of the tables in the same row, from left up to a table. */
function lowest(map, left, b) {
  const level = map.boxes.filter((box) => overlap(box.top, box.bottom, b.top, b.bottom));
  return Math.max(...level.filter((box) => box.left >= left && box.right <= b.right).map((box) => box.bottom));
}

/** Whether another table stands in its line, between it and there. */
function hidden(b, left, map) {
  return map.boxes.some((box) => box !== b && overlap(box.top, box.bottom, b.top, b.bottom) && box.left > left && box.right <= b.left);
}

/** The end of a path that arrives from below. */
function fromBelow(b, y) {
  return [[b.left + 11, y], [b.left + 11, b.bottom + 2]];
}

/** To a table below and to the side: down, along above its title, and in. */
function dropped(a, b, map) {
  const y = Math.min(b.title - 3, b.top - b.heads - 12) - 3 * (map.lanes.below++ % 2);
  const at = b.left > a.right ? b.left + 24 : b.right - 9;
  const from = firstFree(map, [middle(a), a.right - 5, a.left + 5], a, b);
  if (from === undefined) return null;
  return bent([[from, a.bottom + CLEAR], [from, y], [at, y], [at, b.top - b.heads - CLEAR]]);
}

/** The first of some places where a line down from one to the other meets no third. */
function firstFree(map, places, a, b) {
  const [high, low] = a.top < b.top ? [a, b] : [b, a];
  const between = map.boxes.filter((box) => box !== a && box !== b && box.bottom > high.bottom && box.top < low.top);
  return places.find((x) => !between.some((box) => box.left - 3 < x && box.right + 3 > x));
}

/** From one half of the graph to the other, through the gutter. */
function across(a, b, forth, map) {
  const x = map.gutter - LANE * (map.lanes.gutter++ % 4);
  const end = forth ? [b.left - b.labels - CLEAR, centre(b)] : [b.right + CLEAR, centre(b)];
  const arrival = forth && hidden(b, x, map) ? [[x, lowest(map, x, b) + 7], ...fromBelow(b, lowest(map, x, b) + 7)] : [[x, end[1]], end];
  const [from, to] = forth ? [a.right, x] : [x, a.left];
  const blocked = map.boxes.some((box) => box !== a && overlap(box.top, box.bottom, a.top, a.bottom) && box.left < to && box.right > from);
  if (blocked) {
    const y = a.bottom + 9;
    return bent([[middle(a), a.bottom + 2], [middle(a), y], [x, y], ...arrival]);
  }
  const start = forth ? [a.right + CLEAR, centre(a)] : [a.left - a.labels - CLEAR, centre(a)];
  return bent([start, [x, start[1]], ...arrival]);
}

/** Within one half, around the tables between: along the right, or along the left if the right is taken. */
function around(a, b, map) {
  const right = Math.max(a.right, b.right);
  const passed = map.boxes.filter((box) => overlap(box.top, box.bottom, Math.min(a.top, b.top), Math.max(a.bottom, b.bottom)));
  const far = passed.toSorted((one, other) => one.left - other.left)
    .reduce((edge, box) => (box.left < edge + BESIDE ? Math.max(edge, box.right) : edge), right);
  const onTheWay = (box, end) => overlap(box.top, box.bottom, end.top, end.bottom) && box.left >= end.right && box.left < far + 12;
  const taken = passed.some((box) => box !== a && box !== b && (onTheWay(box, a) || onTheWay(box, b)));
  const beside = passed.filter((box) => (map.gutter !== null && box.left < map.gutter) === (map.gutter !== null && a.left < map.gutter));
  const x = taken
    ? Math.min(...beside.map((box) => box.left - box.labels)) - 6 - 5 * (map.lanes.left++ % 3)
    : Math.min(far + 10 + 5 * (map.lanes.right++ % 3), map.width - 2);
  const edge = (box) => (taken ? box.left - box.labels - CLEAR : box.right + CLEAR);
  return bent([[edge(a), centre(a)], [x, centre(a)], [x, centre(b)], [edge(b), centre(b)]]);
}

function centre(box) {
  return (box.top + box.bottom) / 2;
}

function middle(box) {
  return (box.left + box.right) / 2;
}

function overlap(from, to, otherFrom, otherTo) {
  const start = Math.max(from, otherFrom);
  const end = Math.min(to, otherTo);
  return end - start > 12 ? { from: start, to: end, size: end - start, at: (start + end) / 2 } : null;
}

/** Whether no third table stands between two. */
function clear(boxes, a, b, direction) {
  const [one, other] = direction === "x" ? [a.right, b.left] : [Math.min(a.bottom, b.bottom), Math.max(a.top, b.top)];
  return !boxes.some((box) => {
    if (box === a || box === b) return false;
    const aside = direction === "x"
      ? overlap(box.top, box.bottom, Math.max(a.top, b.top), Math.min(a.bottom, b.bottom))
      : overlap(box.left, box.right, Math.max(a.left, b.left), Math.min(a.right, b.right));
    const [start, end] = direction === "x" ? [box.left, box.right] : [box.top, box.bottom];
    return aside && end > one && start < other;
  });
}

function line(x, y, toX, toY) {
  return `M${x} ${y}L${toX} ${toY}`;
}

/** A line with round corners through points that lie level or upright with each other. */
function bent(points) {
  let d = `M${points[0].join(" ")}`;
  for (let number = 1; number < points.length - 1; number += 1) {
    const [before, corner, after] = [points[number - 1], points[number], points[number + 1]];
    const radius = Math.min(7, distance(before, corner) / 2, distance(corner, after) / 2);
    const entry = towards(corner, before, radius);
    const exit = towards(corner, after, radius);
    d += `L${entry.join(" ")}Q${corner.join(" ")} ${exit.join(" ")}`;
  }
  return `${d}L${points.at(-1).join(" ")}`;
}

function distance(a, b) {
  return Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]);
}

function towards(from, to, by) {
  const length = distance(from, to) || 1;
  return [from[0] + ((to[0] - from[0]) * by) / length, from[1] + ((to[1] - from[1]) * by) / length];
}
