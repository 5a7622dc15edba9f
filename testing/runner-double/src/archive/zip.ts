import { createWriteStream } from 'node:fs';
import { chmod, lstat, mkdir, readlink, rm, symlink, utimes } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type Entry, openPromise } from 'yauzl';
import { ZipFile } from 'yazl';

const TYPE_MASK = 0o170000;
const SYMLINK = 0o120000;
const PERMISSIONS = 0o7777;

/** Writes files (relative to `directory`) to a zip archive, with permissions, links and directory entries. */
export async function createZip(archive: string, directory: string, files: readonly string[]): Promise<void> {
  const zip = new ZipFile();
  const broken = new Promise<never>((_, reject) => {
    zip.once('error', reject);
  });
  const written = pipeline(zip.outputStream, createWriteStream(archive));
  const filled = async () => {
    for (const file of files) await addEntry(zip, directory, file);
    zip.end();
    await written;
  };
  await Promise.race([filled(), broken]);
}

async function addEntry(zip: ZipFile, directory: string, file: string): Promise<void> {
  if (file === '.') return;
  const path = resolve(directory, file);
  const stats = await lstat(path);
  const options = { mtime: stats.mtime, mode: stats.mode };
  if (stats.isSymbolicLink()) zip.addBuffer(Buffer.from(await readlink(path)), file, options);
  else if (stats.isDirectory()) zip.addEmptyDirectory(file, options);
  else if (stats.isFile()) zip.addFile(path, file, options);
  // Sockets, pipes and devices have no content to archive.
}

/** Extracts an archive into `directory`, with permissions, times and links. @throws if an entry would be outside */
export async function extractZip(archive: string, directory: string): Promise<void> {
  const zip = await openPromise(archive, { autoClose: true, lazyEntries: true });
  const directories: { path: string; mode: number; time: Date }[] = [];
  try {
    for await (const entry of zip.eachEntry()) {
      const path = insideOf(directory, entry.fileName);
      const mode = entry.externalFileAttributes >>> 16;
      const time = entry.getLastModDate();
      if (entry.fileName.endsWith('/')) {
        await mkdir(path, { recursive: true });
        directories.push({ path, mode: mode & PERMISSIONS, time });
      } else {
        await extractEntry(await zip.openReadStreamPromise(entry), path, mode, time);
      }
    }
  } finally {
    zip.close();
  }
  // At the end and deepest first: files cannot be created in a directory without write permission.
  for (const { path, mode, time } of directories.reverse()) {
    if (mode !== 0) await chmod(path, mode);
    await utimes(path, time, time);
  }
}

async function extractEntry(
  content: NodeJS.ReadableStream,
  path: string,
  mode: number,
  time: Date,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  if ((mode & TYPE_MASK) === SYMLINK) {
    await symlink(await text(content), path);
    return;
  }
  await pipeline(content, createWriteStream(path));
  if ((mode & PERMISSIONS) !== 0) await chmod(path, mode & PERMISSIONS);
  await utimes(path, time, time);
}

function insideOf(directory: string, name: Entry['fileName']): string {
  const root = resolve(directory);
  const path = resolve(root, name);
  if (path !== root && !path.startsWith(root + sep))
    throw new Error(`${name}: outside the project directory`);
  return path;
}
