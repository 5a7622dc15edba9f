/** Formats numbers for tables. */

export function fixed(value: number | undefined, digits: number): string {
  if (value === undefined) return '–';
  // Adding 0 avoids "-0.00".
  return (Math.round(value * 10 ** digits) / 10 ** digits + 0).toFixed(digits);
}

export function percent(part: number | undefined): string {
  return part === undefined ? '–' : `${Math.round(part * 100)} %`;
}

export function usd(value: number | undefined, digits = 2): string {
  if (value === undefined) return '–';
  const text = fixed(Math.abs(value), digits);
  return value < 0 && Number(text) > 0 ? `−$${text}` : `$${text}`;
}

/** Dollars per hundred pipelines. */
export function usdAHundred(value: number, pipelines: number): string {
  return usd((value / Math.max(1, pipelines)) * 100);
}
