import { execFile } from 'node:child_process';
import { lstat, readdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { globBase, globToRegExp, isGlob } from './glob.ts';

export type Selection = {
  readonly paths: readonly string[];
  readonly exclude: readonly string[];
  /** Include files that git does not track, also ignored ones. */
  readonly untracked: boolean;
};

/** Returns the selected files, directories and links relative to `directory`, sorted. Logs the number of matches per path. */
export async function enumerateFiles(
  directory: string,
  selection: Selection,
  log: Logger,
): Promise<string[]> {
  const files = new Set<string>();
  const excluded = new Map<string, number>();
  const rules = selection.exclude.flatMap((pattern) => {
    const inside = insideProject(directory, pattern);
    return inside === undefined ? [] : [{ pattern, matches: globToRegExp(inside) }];
  });
  const add = (path: string): boolean => {
    const rule = rules.find(({ matches }) => matches.test(path));
    if (rule === undefined) files.add(path);
    else excluded.set(rule.pattern, (excluded.get(rule.pattern) ?? 0) + 1);
    return rule === undefined;
  };

  for (const path of selection.paths) await addPath(directory, path, add, log);
  if (selection.untracked) await addUntracked(directory, add, log);
  for (const [pattern, count] of excluded) log.info(`${pattern}: excluded ${count} files`);
  return [...files].sort();
}

/** A pattern relative to the project; undefined if it points outside. */
function insideProject(directory: string, pattern: string): string | undefined {
  const glob = isGlob(pattern);
  const base = glob ? globBase(pattern) : pattern;
  const rest = glob ? pattern.slice(base.length).replace(/^\//, '') : '';
  const absolute = pattern.startsWith('/') ? resolve('/', base) : resolve(directory, base);
  const inside = relative(directory, absolute);
  if (inside === '..' || inside.startsWith('../')) return undefined;
  return join(inside, rest).replace(/^\.$/, '');
}

async function addPath(
  directory: string,
  path: string,
  add: (path: string) => boolean,
  log: Logger,
): Promise<void> {
  if (path === '') {
    log.warning('No matching files. Path is empty.');
    return;
  }
  const pattern = insideProject(directory, path);
  if (pattern === undefined) {
    log.warning(`processPath: artifact path is not a subpath of project directory: ${path}`);
    return;
  }
  let found = 0;
  for (const match of await matchesOf(directory, pattern)) {
    for (const entry of await walk(directory, match)) if (add(entry)) found += 1;
  }
  if (found > 0) log.info(`${path}: found ${found} matching artifact files and directories`);
  else {
    log.warning(
      `${path}: no matching files. Ensure that the artifact path is relative to the working directory (${directory})`,
    );
  }
}

async function matchesOf(directory: string, pattern: string): Promise<string[]> {
  if (!isGlob(pattern)) return [pattern];
  const expression = globToRegExp(pattern);
  const candidates = await walk(directory, globBase(pattern));
  return candidates.filter((candidate) => expression.test(candidate));
}

/** Lists a path and everything below it, without following links. The project's own directory is `.`. */
async function walk(directory: string, path: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async (current: string): Promise<void> => {
    const stats = await lstat(join(directory, current)).catch(() => undefined);
    if (stats === undefined) return;
    found.push(current === '' ? '.' : current);
    if (!stats.isDirectory()) return;
    const names = await readdir(join(directory, current)).catch(() => []);
    for (const name of names) await visit(join(current, name));
  };
  await visit(path.replace(/\/+$/, ''));
  return found;
}

async function addUntracked(directory: string, add: (path: string) => boolean, log: Logger): Promise<void> {
  try {
    const { stdout } = await promisify(execFile)('git', ['ls-files', '-o', '-z'], {
      cwd: directory,
      maxBuffer: 256 * 1024 * 1024,
    });
    const found = stdout.split('\0').filter((path) => path !== '' && add(path)).length;
    if (found === 0) log.warning('untracked: no files');
    else log.info(`untracked: found ${found} files`);
  } catch (error) {
    log.warning(`untracked: ${messageOf(error)}`);
  }
}
