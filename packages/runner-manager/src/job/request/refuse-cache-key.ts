import { quoted, refuseLonger } from '../../bounded-text.ts';
import { JobRefusedError } from '../../errors.ts';

const VARIABLE = 'CACHE_FALLBACK_KEY';
/** Limit of S3 for the name of an object, in bytes. */
const MAX_CHARACTERS = 1024;
/**
 * The suffix that GitLab reserves for keys of protected branches. It may be at the end, or before characters that the runner may
 * clean away.
 */
const PROTECTED = /-protected(?![A-Za-z0-9_-])/g;
/** At the very end of a key, every release recognizes the suffix, ignores the key, and reports it. */
const AT_THE_END = /-protected$/;

/**
 * Refuses a `CACHE_FALLBACK_KEY` that may name a protected branch's cache without gitlab-runner noticing. The runner compares
 * the text before it has cleaned it completely: 17.9 signs `deps-protected/.` as `deps-protected`, 19.3 does so with
 * `deps-protected/. ` and expands variables once more. Instead of imitating each release, this refuses every key that is not
 * clearly another name.
 * @throws {JobRefusedError}
 */
export function refuseCacheKey(variables: ReadonlyMap<string, string>): void {
  const key = variables.get(VARIABLE);
  if (key === undefined) return;
  refuseLonger(VARIABLE, key, MAX_CHARACTERS);
  const marks = [...key.matchAll(PROTECTED)];
  const isRecognized = marks.length === 1 && AT_THE_END.test(key);
  if (!key.includes('$') && (marks.length === 0 || isRecognized)) return;
  throw new JobRefusedError([
    `${VARIABLE} is ${quoted(key)}, which may name a cache of protected branches that other branches must not read. Choose a key without "-protected" and without "$".`,
  ]);
}
