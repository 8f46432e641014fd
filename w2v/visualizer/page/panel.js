// The equations of a stage with their verdicts, the lines of NumPy, the shapes, and the comparison with JAX.

import { byId, html, mathml } from "./dom.js";
import { fullName, symbolAsHtml } from "./names.js";

const MOST_BUILT = 40; // stages, of as many shapes
const SAYS = { verified: "verified", definition: "definition", erratum: "erratum" };

export function createPanel() {
  const panel = { verdicts: {}, key: "", built: new Map() };
  const [title, text, list, badge] = ["stage-title", "stage-text", "equations", "badge"].map(byId);

  list.addEventListener("scroll", () => {
    panel.scrolled = list.scrollTop > 0; // reading it at each stage would force a layout
  });

  panel.draw = (session, step, stage) => {
    const key = `${session.id} ${stage} ${JSON.stringify(step.shapes)}`;
    if (key === panel.key) return;
    const before = panel.key.split(" ").slice(0, 2).join(" ");
    panel.key = key;
    const { computes } = session.stages[stage];
    if (panel.scrolled && before !== key.split(" ").slice(0, 2).join(" ")) list.scrollTop = 0;
    panel.scrolled = false;
    title.textContent = session.stages[stage].title;
    text.textContent = session.stages[stage].text.replaceAll("W'", "W′");
    list.replaceChildren(...panel.entries(key, session, step, computes));
  };

  /** The entries of a stage, built once: parsing their MathML takes longer than everything else. */
  panel.entries = (key, session, step, computes) => {
    if (!panel.built.has(key)) {
      if (panel.built.size >= MOST_BUILT) panel.built.clear();
      panel.built.set(key, computes.map((id) => entry(session.quantities[id], step.shapes[id], panel.verdicts)));
    }
    return panel.built.get(key);
  };

  /** Show the verdicts as they arrive. */
  panel.showVerdicts = (verdicts) => {
    panel.verdicts = verdicts;
    for (const item of [...panel.built.values()].flat()) {
      for (const chip of item.querySelectorAll("[data-label]")) showVerdict(chip, verdicts[chip.dataset.label]);
    }
  };

  /** Single out the quantity whose number is pointed at. */
  panel.light = (id) => {
    for (const item of list.children) item.classList.toggle("lit", item.dataset.quantity === id);
    const lit = list.querySelector(".lit");
    if (lit && list.scrollHeight > list.clientHeight) {
      const [inner, outer] = [lit.getBoundingClientRect(), list.getBoundingClientRect()];
      if (inner.top < outer.top) list.scrollTop -= outer.top - inner.top;
      else if (inner.bottom > outer.bottom) list.scrollTop += inner.bottom - outer.bottom;
    }
  };

  panel.badge = (found) => {
    badge.className = found ? (found.agrees ? "badge agrees" : "badge differs") : "badge";
    const largest = found ? found.text[0].toUpperCase() + found.text.slice(1) : "";
    badge.replaceChildren(...(found
      ? [html("span", { class: "mark", "aria-hidden": "true" }, found.agrees ? "✓" : "✗"), html("span", {}, `${largest}.`)]
      : [html("span", { class: "mark", "aria-hidden": "true" }, "·"), html("span", {}, "Comparing this step with JAX's gradient …")]));
    badge.title = found ? `permitted by the bound on rounding errors: ${found.permitted}` : "";
  };

  panel.noBadge = (reason) => {
    badge.className = "badge";
    badge.replaceChildren(html("span", {}, reason));
  };
  return panel;
}

function entry(quantity, shape, verdicts) {
  const [first, ...others] = quantity.equations;
  const item = html("li", { "data-quantity": quantity.id },
    html("div", { class: "head" }, symbolAsHtml(quantity), html("span", { class: "what" }, fullName(quantity))));
  if (quantity.rule) item.append(mathml(quantity.rule, "div"), html("p", { class: "cite" }, "ours"));
  if (first) item.append(...equation(first, verdicts));
  const code = quantity.code ? html("code", { class: "line", title: quantity.code_from }, quantity.code) : null;
  const worked = html("div", { class: "worked" }, code, quantity.axes.length ? shapes(quantity, shape) : null);
  if (first?.why) worked.append(printed(first));
  if (others.length) {
    const more = html("details", {}, html("summary", {}, `${others.length} more equation${others.length > 1 ? "s" : ""}`));
    for (const other of others) more.append(...equation(other, verdicts), other.why ? printed(other) : "");
    worked.append(more);
  }
  item.append(worked);
  if (quantity.note) item.append(html("p", { class: "note" }, quantity.note));
  return item;
}

/** The shape in NumPy, and beside it the paper's where the paper has one, else a column's. */
function shapes({ on_paper: printed, axes }, { numpy, paper }) {
  const differ = numpy !== paper;
  const whose = printed ? "paper " : "as a column ";
  const each = axes[0] === "C" ? " for each context word" : "";
  return html("p", { class: differ ? "shapes differ" : "shapes" },
    html("span", {}, "NumPy ", html("b", {}, numpy)),
    printed || axes.length === 1 ? html("span", {}, whose, html("b", {}, paper), each) : null);
}

function equation(said, verdicts) {
  const chip = html("span", { class: `chip ${said.status}`, "data-label": said.label }, SAYS[said.status]);
  showVerdict(chip, verdicts[said.label]);
  const cite = html("p", { class: "cite" }, html("code", {}, said.label),
    html("span", {}, said.ours ? "ours" : said.where), chip);
  return [mathml(said.mathml, "div"), cite];
}

/** What the paper prints in place of an equation, and why that is wrong. */
function printed(said) {
  return html("details", {}, html("summary", {}, "What is printed"), html("p", {}, `${said.why}.`),
    said.printed ? mathml(said.printed, "div") : null);
}

function showVerdict(chip, verdict) {
  if (!verdict) return;
  chip.title = verdict.text;
  chip.setAttribute("aria-label", `${chip.textContent}: ${verdict.text}`);
  chip.classList.add(verdict.holds ? "holds" : "fails");
}
