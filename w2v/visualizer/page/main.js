// The page: it requests steps and draws them. It computes nothing.

import { readAddress, writeAddress } from "./address.js";
import { createControls } from "./controls.js";
import { createDerivation } from "./derivation.js";
import { byId, calm, html, keyTarget } from "./dom.js";
import { createForm } from "./form.js";
import { createGraph } from "./graph.js";
import { inFull, rounded } from "./numbers.js";
import { createPanel } from "./panel.js";
import { createSource } from "./source.js";

const source = createSource();
const now = { session: null, step: null, stage: 0, pointed: null, asked: 0 };

const panel = createPanel();
const strip = createDerivation(byId("derivation"), byId("full"), {
  single: (term) => graph.single(term),
  follow: (term) => graph.point(term),
});
const graph = createGraph(byId("graph"), { pointed: point, advance });
const controls = createControls({ links, go, stage: goToStage });
const form = createForm({ change, offline: source.offline });

// --- where we are ---------------------------------------------------------------------------------------

/** The addresses to go to from here. */
function links() {
  return now.step?.stages[now.stage] ?? {};
}

function advance() {
  controls.stop();
  if (links().forward) go(links().forward);
}

function goToStage(stage) {
  if (now.step) go({ epoch: now.step.epoch, word: now.step.word, stage });
}

controls.jump = (epoch, word) => {
  if (!Number.isInteger(epoch) || !Number.isInteger(word) || epoch < 1 || word < 1) say("Give an epoch and a word, from 1.");
  else go({ epoch: epoch - 1, word: word - 1, stage: now.stage });
};

/** Why an address does not exist, counted from one; null if it exists. */
function beyond({ epoch, word }) {
  const { steps_per_epoch: steps, furthest } = now.session;
  if (word >= steps) return `There is no word ${word + 1}: an epoch has ${steps}.`;
  if (epoch * steps + word <= furthest) return null;
  const last = `word ${(furthest % steps) + 1} of epoch ${Math.floor(furthest / steps) + 1}`;
  return `Epoch ${epoch + 1} is too far to be computed while you wait: the last step is ${last}.`;
}

/** Go to an address; of two requests, the later one is shown. Returns the error message, if any. */
async function go(place) {
  const turn = ++now.asked;
  try {
    if (beyond(place)) throw new Error(beyond(place));
    const step = await source.step(place.epoch, place.word);
    if (turn !== now.asked) return null;
    say("");
    arrive(step, place.stage);
  } catch (refused) {
    if (turn !== now.asked) return null;
    controls.stop();
    say(refused.message);
    return refused.message;
  }
  return null;
}

function arrive(step, stage) {
  const moved = now.step && (now.step !== step || now.stage !== stage);
  now.step = step;
  now.stage = stage;
  draw();
  if (moved || stage > 0) graph.show(step.stages[stage].changed);
  remember();
  askForBadge();
  const ahead = step.stages[4].forward;
  if (ahead && !controls.playing) source.step(ahead.epoch, ahead.word).catch(() => null);
}

// --- drawing ----------------------------------------------------------------------------------------------

function draw() {
  const { session, step, stage } = now;
  document.body.dataset.stage = session.stages[stage].name;
  graph.draw(session, step, stage);
  panel.draw(session, step, stage);
  controls.draw(session, step, stage);
  drawFacts(step);
  if (step !== now.read) drawSentence(step);
  note(session, step);
  const { pointed } = now;
  point(pointed && graph.holds(pointed) && step.stages[stage].known.includes(pointed.id) ? pointed : null);
  const contexts = step.contexts.map((word) => word.word).join(", ");
  const changed = step.stages[stage].changed.map((id) => session.quantities[id].symbol).join(", ");
  byId("spoken").textContent = `${session.stages[stage].title}. Epoch ${step.epoch + 1}, word ${step.word + 1}: `
    + `${step.target.word}, with ${contexts}. Now there: ${changed}.`;
}

function drawFacts(step) {
  const known = now.step.stages[now.stage].known.includes("E");
  const facts = {
    "fact-target": step.target.word,
    "fact-contexts": step.contexts.map((word) => word.word).join(", "),
    "fact-epoch": step.epoch + 1,
    "fact-word": `${step.word + 1} of ${step.steps_per_epoch.toLocaleString("en")}`,
    "fact-iteration": (step.iteration + 1).toLocaleString("en"),
    "fact-loss": known ? rounded(step.values.E) : "–",
  };
  for (const [id, text] of Object.entries(facts)) byId(id).textContent = text;
  byId("fact-contexts").title = facts["fact-contexts"];
  byId("fact-loss").title = known ? inFull(step.values.E) : "";
}

function drawSentence(step) {
  const { words, target, contexts, more_before, more_after } = step.sentence;
  const spoken = words.map((word, place) => {
    const kind = place === target ? "target" : contexts.includes(place) ? "context" : "";
    const long = word.length > 24;
    return html("span", { class: long ? `long ${kind}` : kind, dir: "auto", title: long ? word : null }, word);
  });
  const around = [more_before ? "… " : "", ...spoken.flatMap((word) => [word, " "]), more_after ? "…" : ""];
  now.read = step;
  const line = byId("sentence");
  line.replaceChildren(...around);
  const word = line.querySelector(".target");
  if (word) line.scrollLeft = word.offsetLeft + word.offsetWidth / 2 - line.clientWidth / 2;
  line.classList.toggle("cut-before", line.scrollLeft > 1);
  line.classList.toggle("cut-after", line.scrollLeft + line.clientWidth < line.scrollWidth - 1);
}

function note(session, step) {
  const linked = writeAddress(session.settings, step, now.stage) !== null;
  const notes = [step.windowed, ...(session.notes ?? []), linked ? null : "This text is too long for a link."].filter(Boolean);
  byId("notes").textContent = notes.join(" ");
  byId("notes").hidden = !notes.length;
}

function say(text) {
  byId("problem").textContent = text;
  byId("problem").hidden = !text;
}

function point(pointed) {
  now.pointed = pointed;
  if (!now.step) return;
  const { terms, colours } = strip.show(now.session, now.step, pointed);
  graph.light(pointed, terms, colours);
  panel.light(pointed?.id ?? null);
}

// --- JAX ------------------------------------------------------------------------------------------------------

let badgeTimer = 0;

/** Compare this step with JAX's gradient, unless the next step follows at once. */
function askForBadge() {
  const { step } = now;
  clearTimeout(badgeTimer);
  panel.badge(null);
  badgeTimer = setTimeout(async () => {
    try {
      const badge = await source.badge(step.epoch, step.word);
      if (step !== now.step) return;
      if (badge) panel.badge(badge);
      else panel.noBadge("This file has no comparison with JAX for this step.");
    } catch (refused) {
      if (step === now.step) panel.noBadge(refused.message);
    }
  }, source.offline ? 0 : 120);
}

// --- settings and the address -----------------------------------------------------------------------------------

/** Open another session; throws if the server refuses the settings. */
async function change(settings, place = { epoch: 0, word: 0 }, stage = 0) {
  controls.stop();
  const turn = ++now.asked;
  const session = await source.open(settings).catch((refused) => turn === now.asked && Promise.reject(refused));
  if (turn !== now.asked) return; // a later request has replaced this one
  source.use(session);
  fresh = now.session !== null && byId("settings").open;
  now.session = session;
  now.step = null;
  now.pointed = null;
  form.fill(session.settings);
  const wrong = await go({ ...place, stage });
  if (!wrong) return;
  await go({ epoch: 0, word: 0, stage });
  say(wrong);
}

let written = "";
let fresh = false;
let writeTimer = 0;

/** Write the current step into the address, not at every frame, since browsers limit the rate. */
function remember() {
  if (writeTimer) return; // a write is already scheduled
  writeTimer = setTimeout(() => {
    writeTimer = 0;
    if (!now.step) return;
    const address = writeAddress(now.session.settings, now.step, now.stage);
    written = address ?? "";
    try {
      if (fresh) history.pushState(null, "", address ?? "#"); // so that the back button leads to the previous text
      else history.replaceState(null, "", address ?? "#");
      fresh = false;
    } catch {
      written = ""; // a frame of a notebook has no address
    }
  }, controls.playing ? 400 : 100);
}

async function followAddress() {
  const { settings, place, stage } = readAddress(location.hash);
  const wanted = { ...(await source.defaults()), ...(source.offline ? {} : settings) };
  try {
    await change(wanted, place, stage);
  } catch (refused) {
    if (!now.session) await change(await source.defaults()).catch((problem) => say(problem.message));
    form.complain(refused, wanted);
  }
}

window.addEventListener("hashchange", () => location.hash !== written && followAddress());

byId("to-panel").addEventListener("click", () => byId("panel").scrollIntoView({ behavior: calm() ? "auto" : "smooth" }));

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || keyTarget(event).closest?.("dialog")) return;
  if (byId("graph").contains(document.activeElement)) document.activeElement.blur();
  point(null);
});

let frame = 0;
new ResizeObserver(() => {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => now.step && draw());
}).observe(byId("graph"));

followAddress()
  .then(() => source.verdicts((labels) => panel.showVerdicts(labels)))
  .catch((problem) => say(problem.message));
