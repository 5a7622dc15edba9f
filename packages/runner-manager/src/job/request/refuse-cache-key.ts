import { quoted, refuseLonger } from '../../bounded-text.ts';
import { JobRefusedError } from '../../errors.ts';

const VARIABLE = 'CACHE_FALLBACK_KEY';
/** An object of S3 has a name of at most 1,024 bytes. */
const MOST_CHARACTERS = 1024;
/** What GitLab puts behind the keys of protected branches, and no one else may: at a name's end, or before what may be cleaned away. */
const PROTECTED = /-protected(?![A-Za-z0-9_-])/g;
/** At the key's very end every release sees it, ignores the key, and says so. */
const AT_THE_END = /-protected$/;

/**
 * Refuses a `CACHE_FALLBACK_KEY` that may name a protected branch's cache in a way that gitlab-runner does not see. It
 * compares the text before it has cleaned it for good: 17.9 signs `deps-protected/.` as `deps-protected`, 19.3 does so with
 * `deps-protected/. ` and expands variables once more. Rather than imitate each release, what is not plainly another name is
 * refused.
 * @throws {JobRefusedError}
 */
export function refuseCacheKey(variables: ReadonlyMap<string, string>): void {
  const key = variables.get(VARIABLE);
  if (key === undefined) return;
  refuseLonger(VARIABLE, key, MOST_CHARACTERS);
  const marks = [...key.matchAll(PROTECTED)];
  const isSeen = marks.length === 1 && AT_THE_END.test(key);
  if (!key.includes('$') && (marks.length === 0 || isSeen)) return;
  throw new JobRefusedError([
    `${VARIABLE} is ${quoted(key)}: it may name a cache of protected branches, which other branches may not read. Choose a key without "-protected" and without "$".`,
  ]);
}
