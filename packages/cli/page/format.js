/** How durations, money and times are written, on the terminal and on the page of `sgr ui`. */

const UNITS = /** @type {const} */ ([
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
]);

/**
 * A duration in the largest unit of which it has two or more, such as `95 s`, `3 min`, `47 h`; negative ones count as 0.
 * @param {number} ms
 */
export function duration(ms) {
  const unit = UNITS.find((one) => ms >= 2 * one.ms) ?? { name: 's', ms: 1000 };
  return `${Math.max(0, Math.floor(ms / unit.ms))} ${unit.name}`;
}

/**
 * Dollars: with cents, or more exactly below one dollar.
 * @param {number} amount
 */
export function usd(amount) {
  return `$${amount.toFixed(amount < 1 ? 4 : 2)}`;
}

/**
 * A number with its noun, such as `1 job`, `2 jobs`.
 * @param {number} number
 * @param {string} noun
 */
export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
