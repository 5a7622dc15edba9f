import { quoted, refuseLonger } from '../bounded-text.ts';
import { JobRefusedError } from '../errors.ts';

const VARIABLE = 'CACHE_FALLBACK_KEY';
/** An object of S3 has a name of at most 1,024 bytes. */
const MOST_CHARACTERS = 1024;
/** What GitLab puts behind the keys of protected branches, and no one else may. */
const PROTECTED = '-protected';

/**
 * Refuses a `CACHE_FALLBACK_KEY` that names a protected branch's cache in a way that gitlab-runner does not see: releases
 * without `cachekey.Sanitize` (17.9 is one) compare the text, and clean the path only when they sign it, so that
 * `deps-protected/.` is signed as `deps-protected`. A plain one is left to the runner, which ignores it and says so.
 * @throws {JobRefusedError}
 */
export function refuseCacheKey(variables: ReadonlyMap<string, string>): void {
  const key = variables.get(VARIABLE) ?? '';
  refuseLonger(VARIABLE, key, MOST_CHARACTERS);
  if (key.endsWith(PROTECTED) || !namesProtected(key)) return;
  throw new JobRefusedError([
    `${VARIABLE} is ${quoted(key)}: it names a cache of protected branches, which other branches may not read. Choose another key.`,
  ]);
}

/** Whether a key means a protected cache once it is cleaned as a path, as encoded as releases have decoded it. */
function namesProtected(key: string): boolean {
  const decoded = key.replaceAll('\\', '/').replaceAll(/%2f/gi, '/').replaceAll(/%2e/gi, '.');
  const parts: string[] = [];
  for (const part of decoded.split('/')) {
    const trimmed = part.trimEnd();
    if (part === '..') parts.pop();
    else if (part !== '.' && trimmed !== '') parts.push(trimmed);
  }
  return parts.at(-1)?.endsWith(PROTECTED) ?? false;
}
