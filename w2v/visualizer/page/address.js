// The page's address holds its state after the #, which browsers do not send: the settings, and the step,
// counted from one.

const LONGEST = 100_000;

const STAGES = ["initial", "forward", "error", "deltas", "update"];

/** The settings, the place and the stage in an address; only those that it names. */
export function readAddress(hash) {
  const params = new URLSearchParams(hash.replace(/^#/, ""));
  const settings = {};
  for (const name of ["text", "loss"]) if (params.has(name)) settings[name] = params.get(name);
  for (const name of ["window", "vector_size", "alpha", "seed", "negative"]) {
    if (params.has(name)) settings[name] = asNumber(params.get(name));
  }
  return {
    settings,
    place: { epoch: counted(params.get("epoch")), word: counted(params.get("word")) },
    stage: Math.max(0, STAGES.indexOf(params.get("stage"))),
  };
}

/** The address of a stage of a step; null where the text is too long for one. */
export function writeAddress(settings, place, stage) {
  if (settings.text.length > LONGEST) return null;
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(settings)) {
    if (name !== "negative" || settings.loss === "negative") params.set(name, value);
  }
  params.set("epoch", place.epoch + 1);
  params.set("word", place.word + 1);
  params.set("stage", STAGES[stage]);
  return `#${params}`;
}

function counted(text) {
  return /^\d{1,15}$/.test(text ?? "") ? Math.max(0, Number(text) - 1) : 0;
}

/** A number, or the text unchanged: the server says what is wrong with it. */
export function asNumber(text) {
  return /^[-+]?[\d.]+(e[-+]?\d+)?$/i.test(text.trim()) && Number.isFinite(Number(text)) ? Number(text) : text;
}
