// The page's address holds its state, after the #, which no browser sends anywhere: the settings, and the
// step as a reader counts, from one.

const LONGEST = 100_000;

const STAGES = ["initial", "forward", "error", "deltas", "update"];

/** The settings, the place and the stage in an address; what is not said is not there. */
export function readAddress(hash) {
  const said = new URLSearchParams(hash.replace(/^#/, ""));
  const settings = {};
  for (const name of ["text", "loss"]) if (said.has(name)) settings[name] = said.get(name);
  for (const name of ["window", "vector_size", "alpha", "seed", "negative"]) {
    if (said.has(name)) settings[name] = asNumber(said.get(name));
  }
  return {
    settings,
    place: { epoch: counted(said.get("epoch")), word: counted(said.get("word")) },
    stage: Math.max(0, STAGES.indexOf(said.get("stage"))),
  };
}

/** The address of a stage of a step; null where the text is too long for one. */
export function writeAddress(settings, place, stage) {
  if (settings.text.length > LONGEST) return null;
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(settings)) {
    if (name !== "negative" || settings.loss === "negative") said.set(name, value);
  }
  said.set("epoch", place.epoch + 1);
  said.set("word", place.word + 1);
  said.set("stage", STAGES[stage]);
  return `#${said}`;
}

function counted(text) {
  return /^\d{1,15}$/.test(text ?? "") ? Math.max(0, Number(text) - 1) : 0;
}

/** A number, or the text as it is: what is wrong with it, the server says. */
export function asNumber(text) {
  return /^[-+]?[\d.]+(e[-+]?\d+)?$/i.test(text.trim()) && Number.isFinite(Number(text)) ? Number(text) : text;
}
