// Numbers as they are shown, to the letter as Python's side writes them (w2v/stepper/recipes.py, formatted).

const MINUS = "\u2212";

/** Two decimals; whole numbers without, and small ones with two significant digits. */
export function rounded(value) {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return signed(String(value + 0));
  return signed(Math.abs(value) < 0.01 ? significant(value) : value.toFixed(2));
}

/** All digits: the shortest text that reads back as this very number. */
export function inFull(value) {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return signed(String(value + 0));
  const size = Math.abs(value);
  return signed(size < 1e-4 || size >= 1e16 ? twoDigits(value.toExponential()) : String(value));
}

function significant(value) {
  const [digits, power] = value.toExponential(1).split("e").map(Number);
  return power < -4 ? twoDigits(`${digits}e${power}`) : trimmed(value.toFixed(1 - power));
}

function trimmed(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function twoDigits(text) {
  return text.replace(/e([+-]?)(\d+)$/, (_, sign, power) => `e${sign || "+"}${power.padStart(2, "0")}`);
}

function signed(text) {
  return text.startsWith("-") ? MINUS + text.slice(1) : text;
}
