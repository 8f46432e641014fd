// Where a number comes from: its quantity's recipe, bound to its place, and written out with the numbers.

import { inFull, rounded } from "./numbers.js";

/** The number of a quantity at indices of the whole array; undefined where it is not shown. */
export function numberAt(session, step, id, at) {
  let value = step.values[id];
  session.quantities[id].axes.forEach((axis, depth) => {
    value = value?.[step.axes[axis].shown.indexOf(at[depth])];
  });
  return value;
}

/** The terms of one entry: texts, references {q, at}, and what is not shown, {rest, value}. */
export function termsOf(session, step, id, at) {
  const quantity = session.quantities[id];
  if (!quantity.recipe) return [];
  const bound = Object.fromEntries(quantity.index.map((letter, depth) => [letter, at[depth]]));
  const rest = () => {
    let value = step.rests?.[id];
    quantity.axes.forEach((axis, depth) => {
      value = value?.[step.axes[axis].shown.indexOf(at[depth])];
    });
    return value ?? null;
  };
  return bind(quantity.recipe, bound, step, rest);
}

function bind(nodes, bound, step, rest) {
  return nodes.flatMap((node) => {
    if (typeof node === "string") return [node];
    if ("q" in node) return [{ q: node.q, at: node.at.map((letter) => place(letter, bound, step)) }];
    const [letter, join] = "sum" in node ? [node.sum, " + "] : [node.prod, " · "];
    const axis = step.axes[step.letters[letter]];
    const parts = axis.shown.map((index) => bind(node.of, { ...bound, [letter]: index }, step, rest));
    if (axis.hidden) parts.push([{ rest: axis.hidden, what: axis.what, value: rest() }]);
    return parts.flatMap((part, number) => (number ? [join, ...part] : part));
  });
}

function place(letter, bound, step) {
  return letter.endsWith("*") ? step.contexts[bound[letter[0]]].index : bound[letter];
}

/** The terms as pieces {text, term} to be set one after the other; a negative number gets its brackets. */
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
