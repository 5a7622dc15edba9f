import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PageFile {
  type: string;
  content: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Reads the files of the page, by their name; that of `index.html` is empty. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const folder = pageFolder(dirname(fileURLToPath(import.meta.url)));
  const files = new Map<string, PageFile>();
  for (const name of readdirSync(folder)) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const file = { type, content: readFileSync(join(folder, name)) };
    files.set(name === 'index.html' ? '' : name, file);
  }
  return files;
}

/** Compiled code is not as deep in its package as its source. */
function pageFolder(directory: string): string {
  if (existsSync(join(directory, 'page/index.html'))) return join(directory, 'page');
  const parent = dirname(directory);
  if (parent === directory) throw new Error('The files of the page are missing from this package');
  return pageFolder(parent);
}
