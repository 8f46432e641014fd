// Numbers as they are shown, exactly as in Python (format_number in w2v/stepper/recipes.py). The browser formats
// them itself, since a step has thousands; a test compares the two.

const MINUS = "\u2212";
const LARGE = 1e5;

/** Two decimals; whole numbers without, small ones with two significant digits, large ones by a power of ten. */
export function rounded(value) {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15) return signed(String(value + 0));
  if (size >= LARGE) return signed(twoDigits(value.toExponential(2)));
  return signed(size < 0.01 ? significant(value) : fixed(value));
}

/** Two decimals and, right between two, the even one, as Python has it. */
function fixed(value) {
  if (!Number.isInteger(8 * value) || Number.isInteger(4 * value)) return value.toFixed(2);
  const below = Math.floor(100 * value);
  return ((below + (below % 2 ? 1 : 0)) / 100).toFixed(2);
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
