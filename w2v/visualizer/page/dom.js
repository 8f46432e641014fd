// Elements. Whatever a user typed, such as a word, is inserted as text and never as markup.

const SVG = "http://www.w3.org/2000/svg";

export function html(tag, attributes = {}, ...children) {
  return furnished(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return furnished(document.createElementNS(SVG, tag), attributes, children);
}

function furnished(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** The only place where markup is inserted: MathML from the server. */
export function mathml(markup, tag = "span") {
  const element = html(tag, { class: "math" });
  element.innerHTML = markup;
  return element;
}

export function byId(id) {
  return document.getElementById(id);
}

/** The element that a key was pressed in. Right after a dialog closes, the focus can still be inside it until
 * the browser draws the next frame; such a key belongs to the page. */
export function keyTarget(event) {
  return event.target.closest?.("dialog:not([open])") ? document.body : event.target;
}

/** Whether the reader asked for less motion. */
export function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

let canvas = null;

/** The width of a text in CSS pixels. */
export function widthOf(text, font) {
  canvas ??= document.createElement("canvas").getContext("2d");
  canvas.font = font;
  return canvas.measureText(text).width;
}

/** A text no wider than that, with an ellipsis where something is missing; no letter is cut in two,
 * and no emoji. */
export function fitted(text, font, width) {
  if (widthOf(text, font) <= width) return text;
  const letters = Array.from(new Intl.Segmenter().segment(text.slice(0, 160)), ({ segment }) => segment);
  while (letters.length > 1 && widthOf(`${letters.join("")}…`, font) > width) letters.pop();
  return `${letters.join("")}…`;
}
