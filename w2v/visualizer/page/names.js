// What a number is called: h with a small 2, w′ with 1,3, as in the paper, where indices count from one.

import { html, svg } from "./dom.js";

/** The letter of a quantity and what stands below it, for one entry or, without a place, for all. */
export function symbolOf(quantity, at = null) {
  const [stem, below = ""] = quantity.symbol.split(" ");
  if (!at || !at.length) return [stem, below];
  const named = stem.replace("W", "w").replace("S", "s");
  const place = at.map((index) => index + 1).join(",");
  return [named, below === "c" || !below ? place : `${below} ${place}`];
}

export function symbolAsHtml(quantity, at = null) {
  const [stem, below] = symbolOf(quantity, at);
  return html("span", { class: "symbol" }, html("i", {}, stem), below ? html("sub", {}, below) : null);
}

export function symbolAsSvg(quantity) {
  const [stem, below] = symbolOf(quantity);
  return [
    svg("tspan", { class: "letter" }, stem),
    below ? svg("tspan", { class: "below", dy: 3 }, below) : null,
    below ? svg("tspan", { dy: -3 }, "\u200b") : null,
  ];
}

/** As one would say it. */
export function spoken(quantity, at) {
  return symbolOf(quantity, at).filter(Boolean).join(" ");
}

/** The name up to the first comma or colon, for where room is short. */
export function shortName(quantity) {
  return quantity.name.split(/[,;:]/)[0].replace("W'", "W′");
}

export function fullName(quantity) {
  return quantity.name.replaceAll("W'", "W′");
}

/** What the place of an entry means: its word, its unit. */
export function placeInWords(quantity, step, at) {
  return quantity.axes
    .map((axis, depth) => {
      const { shown, labels, what } = step.axes[axis];
      const label = labels[shown.indexOf(at[depth])];
      const letter = quantity.index[depth];
      const which = axis === "N" ? [] : [[one(what), label].filter(Boolean).join(" ")];
      return [`${letter} = ${at[depth] + 1}`, ...which].join(", ");
    })
    .join("; ");
}

function one(what) {
  return { words: "word", "context words": "context", samples: "sample" }[what] ?? "";
}
