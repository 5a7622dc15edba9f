/** A registry's authentication challenge: where to get a token, and for what. */
export type Challenge =
  | { scheme: 'basic' }
  | { scheme: 'bearer'; realm: string; service: string | undefined; scope: string | undefined };

/** Maximum length of a challenge. Registries send a few hundred characters. */
const MAX_CHARACTERS = 8192;
/** `name="value"` at the end of the previous match. Sticky, so that a name is not searched for from each of its letters. */
const PARAMETER = /[\s,]*([a-z]+)="((?:[^"\\]|\\.)*)"/giy;

/**
 * Parses a registry's `WWW-Authenticate` header.
 * @returns undefined if it is longer than 8 KiB or has a scheme that registries do not use
 * @see https://distribution.github.io/distribution/spec/auth/token/
 */
export function parseChallenge(header: string | null): Challenge | undefined {
  const text = header?.trim() ?? '';
  if (text.length > MAX_CHARACTERS) return undefined;
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
