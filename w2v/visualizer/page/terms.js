// The terms that a number is computed from. Python writes them out for each quantity (w2v/stepper/recipes.py);
// what is left to do here is to put in the indices of the entry that is pointed at.

import { inFull, rounded } from "./numbers.js";

/** The number of a quantity at indices of the whole array; undefined where it is not shown. */
export function numberAt(session, step, id, at) {
  return entryAt(session, step, id, step.values[id], at);
}

function entryAt(session, step, id, values, at) {
  const places = session.quantities[id].axes.map((axis, depth) => step.axes[axis].shown.indexOf(at[depth]));
  return places.reduce((value, place) => value?.[place], values);
}

/** The terms of one entry: texts, references {q, at}, and the sum of those that are not shown, {rest, value}. */
export function termsOf(session, step, id, at) {
  const { index } = session.quantities[id];
  return step.terms[id].map((term) => {
    if (typeof term === "string") return term;
    if (typeof term === "number") return { rest: term, value: entryAt(session, step, id, step.rests[id], at) ?? null };
    const [q, ...indices] = term;
    return { q, at: indices.map((i) => (typeof i === "string" ? at[index.indexOf(i)] : i)) };
  });
}

/** The terms as pieces {text, term}; a negative number is put in brackets where it follows something. */
export function pieces(session, step, terms, full) {
  const format = full ? inFull : rounded;
  let before = "";
  return terms.map((term) => {
    let text = term;
    if (typeof term !== "string") {
      const value = "q" in term ? numberAt(session, step, term.q, term.at) : term.value;
      text = value === null || value === undefined ? "…" : format(value);
      if (text.startsWith("\u2212") && before && !before.endsWith("(")) text = `(${text})`;
    }
    before = text;
    return { text, term };
  });
}
