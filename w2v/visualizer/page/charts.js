// Two charts: the loss so far, and the word vectors in the plane before and after the step.

import { calm, fitted, svg, widthOf } from "./dom.js";
import { rounded } from "./numbers.js";

const FONT = '10.5px "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif';

/** The picture of the losses in a box; the function returned draws a step into it. */
export function lossChart(parent, box) {
  const frame = framed(parent, box, "Loss");
  const path = svg("path", { class: "curve" });
  const dot = svg("circle", { class: "now", r: 3.2 });
  const most = svg("text", { class: "tick", x: 4, y: 11 });
  const least = svg("text", { class: "tick", x: 4, y: frame.height - 5 });
  frame.inside.append(path, dot, most, least);
  return (step, known) => {
    const { what } = step.history;
    const own = step.history.points.at(-1)?.[0] === step.iteration;
    const points = known || !own || step.history.points.length < 2 ? step.history.points : step.history.points.slice(0, -1);
    const losses = points.map((point) => point[1]);
    const [low, high] = [Math.min(...losses), Math.max(...losses)];
    const [from, to] = [points[0][0], points.at(-1)[0]];
    const x = (at) => 34 + ((frame.width - 42) * (at - from)) / (to - from || 1);
    const y = (loss) => frame.height - 9 - (frame.height - 19) * (high > low ? (loss - low) / (high - low) : 0.5);
    path.setAttribute("d", points.map(([at, loss], n) => `${n ? "L" : "M"}${x(at).toFixed(2)} ${y(loss).toFixed(2)}`).join(""));
    dot.setAttribute("cx", x(to));
    dot.setAttribute("cy", y(losses.at(-1)));
    most.textContent = rounded(high);
    least.textContent = high > low ? rounded(low) : "";
    frame.caption(what);
    frame.describe(`Loss, ${what}: ${points.length} points from ${rounded(losses[0])} to ${rounded(losses.at(-1))}.`);
  };
}

/** The word vectors in the plane; the function returned draws a step's, before or after its update. */
export function planeChart(parent, box) {
  const frame = framed(parent, box, "Word vectors, PCA");
  const marks = [];
  return (step, stage) => {
    const { before, after, share, limits } = step.plane;
    const points = stage === 4 ? after : before;
    const words = step.axes.V;
    const [left, right, low, high] = limits;
    const x = (at) => 10 + (frame.width - 52) * (right > left ? (at - left) / (right - left) : 0.5);
    const y = (at) => frame.height - 10 - (frame.height - 22) * (high > low ? (at - low) / (high - low) : 0.5);
    frame.inside.classList.toggle("calm", calm());
    while (marks.length > points.length) marks.pop().remove();
    points.forEach((point, number) => {
      const mark = (marks[number] ??= frame.inside.appendChild(
        svg("g", { class: "word" }, svg("circle", { r: 3 }), svg("text", { x: 5.5, y: 3.5 })),
      ));
      mark.style.transform = `translate(${x(point[0]).toFixed(2)}px, ${y(point[1]).toFixed(2)}px)`;
      const index = words.shown[number];
      const context = step.contexts.some((word) => word.index === index);
      mark.setAttribute("class", index === step.target.index ? "word target" : context ? "word context" : "word");
      const label = fitted(words.labels[number], FONT, 62);
      if (mark.lastChild.textContent !== label) mark.lastChild.textContent = label;
      const over = x(point[0]) + 9 + widthOf(label, `bold ${FONT}`) > frame.width;
      mark.lastChild.setAttribute("x", over ? -5.5 : 5.5);
      mark.lastChild.setAttribute("text-anchor", over ? "end" : "start");
    });
    frame.caption(`${Math.round(100 * share)}% of the variance`);
    frame.describe(`The ${points.length} word vectors in the plane of their two main directions.`);
  };
}

function framed(parent, box, title) {
  const top = 16;
  const [width, height] = [box.right, box.height - top];
  const caption = svg("tspan", { class: "quiet", dx: 6 });
  const inside = svg("svg", { x: 0, y: top, width, height, class: "inside" });
  const name = svg("title");
  parent.append(
    svg("g", { class: "chart", id: `chart-${box.id}`, transform: `translate(${box.x} ${box.y})`, role: "img" }, name,
      svg("text", { class: "title", x: 0, y: 10 }, title, caption),
      svg("rect", { class: "ground", x: 0, y: top, width, height, rx: 2 }), inside),
  );
  return {
    inside, width, height,
    caption(text) { caption.textContent = text; },
    describe(text) { name.textContent = text; },
  };
}
