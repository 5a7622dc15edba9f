/** Dollars: with cents, or more exactly below one dollar. */
export function usd(amount: number): string {
  return `$${amount.toFixed(amount < 1 ? 4 : 2)}`;
}
