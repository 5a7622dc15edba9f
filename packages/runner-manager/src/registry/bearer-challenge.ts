/** What a registry answers to a request without a token: who gives tokens, and for what to ask. */
export type Challenge =
  | { scheme: 'basic' }
  | { scheme: 'bearer'; realm: string; service: string | undefined; scope: string | undefined };

/** Characters of a challenge that are read: registries' are some hundred long. */
const MOST_CHARACTERS = 8192;
/** `name="value"` where the last one ended: sticky, so that a name is not searched for from each of its letters. */
const PARAMETER = /[\s,]*([a-z]+)="((?:[^"\\]|\\.)*)"/giy;

/**
 * Reads a registry's `WWW-Authenticate`.
 * @returns undefined where it is longer than 8 KiB or of a scheme that registries do not use
 * @see https://distribution.github.io/distribution/spec/auth/token/
 */
export function parseChallenge(header: string | null): Challenge | undefined {
  const text = header?.trim() ?? '';
  if (text.length > MOST_CHARACTERS) return undefined;
  const [scheme = ''] = text.split(/\s/, 1);
  if (scheme.toLowerCase() === 'basic') return { scheme: 'basic' };
  if (scheme.toLowerCase() !== 'bearer') return undefined;
  const parameters = parametersOf(text.slice(scheme.length));
  const realm = parameters.get('realm');
  if (!realm) return undefined;
  return { scheme: 'bearer', realm, service: parameters.get('service'), scope: parameters.get('scope') };
}

function parametersOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(PARAMETER)].map(([, name = '', value = '']) => [
      name.toLowerCase(),
      value.replace(/\\(.)/g, '$1'),
    ]),
  );
}
