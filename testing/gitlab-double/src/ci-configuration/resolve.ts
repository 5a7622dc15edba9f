import { InvalidPipelineError } from '../errors.ts';
import { isMapping, type Mapping, Reference } from './parse-yaml.ts';

/** GitLab's limits on nesting. */
const MAX_EXTENDS = 11;
const MAX_REFERENCES = 10;

/** Merges `above` over `below`, as GitLab does for `extends` and `include`: only mappings are merged key by key. */
export function deepMerge(below: Mapping, above: Mapping): Mapping {
  const merged: Mapping = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const other = merged[key];
    merged[key] = isMapping(other) && isMapping(value) ? deepMerge(other, value) : value;
  }
  return merged;
}

/** Resolves the `extends` of every entry. */
export function resolveExtends(content: Mapping): Mapping {
  const entries = Object.keys(content).map((name) => [name, extended(content, name, [])]);
  return Object.fromEntries(entries);
}

function extended(content: Mapping, name: string, path: readonly string[]): unknown {
  const entry = content[name];
  if (!isMapping(entry) || entry.extends === undefined) return entry;
  if (path.includes(name) || path.length > MAX_EXTENDS) {
    throw new InvalidPipelineError(`${name}: circular or too deep nesting in \`extends\``);
  }
  const { extends: parents, ...own } = entry;
  const inherited = [parents].flat().map((parent) => {
    const resolved = extended(content, String(parent), [...path, name]);
    if (!isMapping(resolved))
      throw new InvalidPipelineError(`${name}: unknown key in \`extends\` (${parent})`);
    return resolved;
  });
  return [...inherited, own].reduce<Mapping>(deepMerge, {});
}

/** Replaces each `!reference` by its target. Lists inside lists of commands are flattened later. */
export function resolveReferences(content: Mapping): Mapping {
  const resolve = (value: unknown, depth: number): unknown => {
    if (value instanceof Reference) {
      if (depth > MAX_REFERENCES) throw new InvalidPipelineError('!reference is nested too deep');
      return resolve(lookUp(content, value), depth + 1);
    }
    if (Array.isArray(value)) return value.map((item) => resolve(item, depth));
    if (!isMapping(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, depth)]));
  };
  return Object.fromEntries(Object.entries(content).map(([key, value]) => [key, resolve(value, 0)]));
}

function lookUp(content: Mapping, { path }: Reference): unknown {
  let found: unknown = content;
  for (const key of path) found = isMapping(found) ? found[key] : undefined;
  if (found === undefined)
    throw new InvalidPipelineError(`!reference [${path.join(', ')}] could not be found`);
  return found;
}
