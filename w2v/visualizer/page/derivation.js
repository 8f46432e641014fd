// A number written out: h₂ = 0·0.89 + 1·(−0.38) + … = −0.38, each number in the colour of its quantity.

import { html } from "./dom.js";
import { fullName, placeInWords, spoken, symbolAsHtml } from "./names.js";
import { inFull, rounded } from "./numbers.js";
import { numberAt, pieces, termsOf } from "./terms.js";

/** The strip that writes numbers out; `single` and `follow` are told of a number in a sum that is pointed at
 * and chosen. */
export function createDerivation(host, full, { single, follow }) {
  const strip = { full: false, now: null };
  const sum = html("p", { class: "sum", id: "sum" });
  const gloss = html("p", { class: "gloss", id: "gloss" });
  host.append(sum, gloss);
  const termOf = (event) => strip.refs?.get(event.target.closest?.("[data-term]")?.dataset.term) ?? null;
  sum.addEventListener("pointerover", (event) => single(termOf(event)));
  sum.addEventListener("pointerleave", () => single(null));
  sum.addEventListener("click", (event) => termOf(event) && follow(termOf(event)));
  full.addEventListener("click", () => {
    strip.full = !strip.full;
    full.setAttribute("aria-pressed", String(strip.full));
    if (strip.now) strip.show(...strip.now);
  });

  /** Write out an entry; the terms, and a colour for each quantity in them, are returned. */
  strip.show = (session, step, pointed) => {
    strip.now = pointed ? [session, step, pointed] : null;
    strip.refs = new Map();
    if (!pointed) {
      hint(sum, gloss);
      return { terms: [], colours: new Map() };
    }
    const { id, at } = pointed;
    const quantity = session.quantities[id];
    const terms = termsOf(session, step, id, at);
    const colours = new Map();
    for (const term of terms) if (term.q && !colours.has(term.q)) colours.set(term.q, colours.size + 1);
    const value = numberAt(session, step, id, at);
    const numberOf = (term) => (term.q ? numberAt(session, step, term.q, term.at) : term.value) ?? 0.5; // not shown
    sum.classList.toggle("full", strip.full);
    const written = pieces(session, step, terms, strip.full).map(({ text, term }, number) => {
      if (typeof term === "string") return text;
      if (!term.q) return html("span", { class: "rest" }, text, html("small", {}, ` (${term.rest.toLocaleString("en")} more)`));
      strip.refs.set(String(number), term);
      const whose = session.quantities[term.q];
      const name = `${spoken(whose, term.at)}: ${fullName(whose)}`;
      return html("span", { class: `term operand-${colours.get(term.q)}`, "data-term": number, title: name }, text);
    });
    const exact = (term) => typeof term === "string" || inFull(numberOf(term)) === rounded(numberOf(term));
    const sign = strip.full || (terms.every(exact) && inFull(value) === rounded(value)) ? " = " : " ≈ ";
    const result = html("strong", { class: "result" }, (strip.full ? inFull : rounded)(value));
    sum.replaceChildren(symbolAsHtml(quantity, at), " = ", ...written, written.length ? sign : "", result);
    const far = (term) => (id === "E" && term.q === "y" && numberOf(term) === 0) || (id === "y" && term.q === "u" && Math.abs(numberOf(term)) > 700);
    gloss.replaceChildren(...glossed(quantity, step, at, terms, terms.some(far)));
    return { terms, colours };
  };
  return strip;
}

function glossed(quantity, step, at, terms, far) {
  const place = placeInWords(quantity, step, at);
  const parts = [html("span", {}, fullName(quantity)), place ? html("span", {}, place) : null];
  if (!terms.length) parts.push(html("span", {}, "given, not computed in this step"));
  else if (quantity.code) parts.push(html("code", {}, quantity.code));
  if (far) parts.push(html("span", {}, "as written this is too large for a float; NumPy's line avoids it"));
  return parts.filter(Boolean);
}

function hint(sum, gloss) {
  const fingers = matchMedia("(pointer: coarse)").matches;
  sum.replaceChildren(html("span", { class: "hint" }, `${fingers ? "Touch" : "Point at"} any number to see where it comes from.`));
  gloss.replaceChildren(html("span", {}, fingers ? "Touch beside the numbers for the next stage." : "Click the graph or press → for the next stage; ? shows all keys."));
}
