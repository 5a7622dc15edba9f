import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Names of files and folders that are never part of an image's sources. */
const IGNORED = new Set(['node_modules', '__pycache__', '.git', 'README.md']);

/** SHA-256 (hex) of the names, executable bits and contents of files and folders, and of plain strings. */
export async function contentHash(
  paths: readonly string[],
  strings: readonly string[] = [],
): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    for (const file of await filesBelow(path)) {
      const { mode } = await stat(file);
      hash
        .update(`${relative(path, file)}\0${mode & 0o100}\0`)
        .update(await readFile(file))
        .update('\0');
    }
  }
  for (const string of strings) hash.update(string).update('\0');
  return hash.digest('hex');
}

async function filesBelow(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const lists = await Promise.all(
    entries
      .filter((entry) => !IGNORED.has(entry.name))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((entry) => filesBelow(join(path, entry.name))),
  );
  return lists.flat();
}
