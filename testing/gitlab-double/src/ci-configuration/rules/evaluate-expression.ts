import { InvalidPipelineError } from '../../errors.ts';

/** Values of the variables that a condition may use. */
export type ConditionVariables = Readonly<Record<string, string>>;

/** A value within a condition: `null` for an unset variable. */
type Value = string | null | RegExp;

const TOKEN =
  /\s*(?:(&&|\|\||==|!=|=~|!~|\(|\))|\$(\w+)|\$\{(\w+)\}|"([^"]*)"|'([^']*)'|(null)\b|\/((?:[^/\\]|\\.)+)\/([imsU]*))/y;

type Token = { operator: string } | { value: Value };

/**
 * Evaluates a condition of `rules: if`: variables, strings, `null`, patterns, `==`, `!=`, `=~`, `!~`, `&&` before `||`, and
 * parentheses. Source: doc/ci/jobs/job_rules.md ("CI/CD variable expressions").
 * @throws {InvalidPipelineError} for what is not a condition
 */
export function evaluateExpression(text: string, variables: ConditionVariables): boolean {
  const tokens = tokenize(text, variables);
  let position = 0;
  const invalid = () => new InvalidPipelineError(`rules:if: invalid expression syntax: ${text}`);
  const takeOperator = (...operators: string[]): string | undefined => {
    const token = tokens[position];
    if (token === undefined || !('operator' in token) || !operators.includes(token.operator))
      return undefined;
    position += 1;
    return token.operator;
  };
  const value = (): Value => {
    const token = tokens[position];
    if (token === undefined || !('value' in token)) throw invalid();
    position += 1;
    return token.value;
  };
  const comparison = (): boolean => {
    if (takeOperator('(')) {
      const inner = any();
      if (!takeOperator(')')) throw invalid();
      return inner;
    }
    const left = value();
    const operator = takeOperator('==', '!=', '=~', '!~');
    if (operator === undefined) return left !== null && left !== '';
    return compare(left, operator, value());
  };
  // Both sides are always parsed, so that a mistake in the second one is found.
  const every = (): boolean => {
    let result = comparison();
    while (takeOperator('&&')) result = comparison() && result;
    return result;
  };
  const any = (): boolean => {
    let result = every();
    while (takeOperator('||')) result = every() || result;
    return result;
  };
  const result = any();
  if (position < tokens.length) throw invalid();
  return result;
}

function compare(left: Value, operator: string, right: Value): boolean {
  if (operator === '==') return left === right;
  if (operator === '!=') return left !== right;
  const matches = typeof left === 'string' && patternOf(right).test(left);
  return operator === '=~' ? matches : !matches;
}

/** The right side of `=~`: a pattern, or a variable that holds one. */
function patternOf(value: Value): RegExp {
  if (value instanceof RegExp) return value;
  const [, source, flags = ''] = value?.match(/^\/(.*)\/([imsU]*)$/s) ?? [];
  return source === undefined ? /(?!)/ : new RegExp(source, flags.replace('U', ''));
}

function tokenize(text: string, variables: ConditionVariables): Token[] {
  const tokens: Token[] = [];
  const trimmed = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const found = TOKEN.exec(trimmed);
    if (found === null) throw new InvalidPipelineError(`rules:if: invalid expression syntax: ${text}`);
    tokens.push(tokenOf(found, variables));
  }
  return tokens;
}

function tokenOf(found: RegExpExecArray, variables: ConditionVariables): Token {
  const [, operator, bare, braced, double, single, none, pattern, flags = ''] = found;
  if (operator !== undefined) return { operator };
  const name = bare ?? braced;
  if (name !== undefined) return { value: variables[name] ?? null };
  if (none !== undefined) return { value: null };
  if (pattern !== undefined) return { value: new RegExp(pattern, flags.replace('U', '')) };
  return { value: double ?? single ?? '' };
}
