/**
 * Whether CloudWatch's filter pattern for JSON matches a line: comparisons joined by `&&`, `||` and parentheses, as far as the
 * stacks use them.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 * @throws if the pattern uses anything else
 */
export function matches(pattern: string, line: unknown): boolean {
  const tokens = [...pattern.matchAll(TOKEN)].map(([token]) => token);
  if (tokens.join('').replaceAll(' ', '') !== pattern.replaceAll(' ', ''))
    throw new Error(`unknown syntax: ${pattern}`);
  const take = (expected?: string): string => {
    const token = tokens.shift();
    if (token === undefined || (expected !== undefined && token !== expected))
      throw new Error(`expected ${expected ?? 'more'} in ${pattern}`);
    return token;
  };
  const any = (): boolean => {
    let found = all();
    while (tokens[0] === '||') {
      take();
      found = all() || found;
    }
    return found;
  };
  const all = (): boolean => {
    let found = one();
    while (tokens[0] === '&&') {
      take();
      found = one() && found;
    }
    return found;
  };
  const one = (): boolean => {
    if (tokens[0] !== '(') return compare(valueAt(line, take()), take(), take());
    take('(');
    const found = any();
    take(')');
    return found;
  };
  take('{');
  const found = any();
  take('}');
  if (tokens.length > 0) throw new Error(`more after the end: ${pattern}`);
  return found;
}

const TOKEN = /\{|\}|\(|\)|&&|\|\||>=|=|>|"[^"]*"|\$(?:\.\w+)+|\d+/g;

function compare(value: unknown, operator: string, operand: string): boolean {
  if (operator === '=')
    return operand.startsWith('"') ? value === operand.slice(1, -1) : value === Number(operand);
  if (typeof value !== 'number') return false;
  return operator === '>' ? value > Number(operand) : value >= Number(operand);
}

/** The value of a selector such as `$.failure.reason`; undefined if the line has none. */
export function valueAt(line: unknown, selector: string): unknown {
  return selector
    .split('.')
    .slice(1)
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? (value as Record<string, unknown>)[key]
          : undefined,
      line,
    );
}
