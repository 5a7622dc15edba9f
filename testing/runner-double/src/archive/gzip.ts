import { appendFile, lstat, readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { crc32, deflateRawSync, gunzipSync } from 'node:zlib';

const HAS_NAME = 0x08;
const UNIX = 0x03;

/** A gzip member with the file's name in its header. GitLab accepts several concatenated members as a report. */
function gzipMember(name: string, content: Buffer, modified: Date): Buffer {
  const header = Buffer.from([0x1f, 0x8b, 0x08, HAS_NAME, 0, 0, 0, 0, 0, UNIX]);
  header.writeUInt32LE(Math.floor(modified.getTime() / 1000) >>> 0, 4);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(content), 0);
  trailer.writeUInt32LE(content.length >>> 0, 4);
  return Buffer.concat([header, Buffer.from(`${name}\0`, 'utf8'), deflateRawSync(content), trailer]);
}

/** Writes the regular files among `files` as `artifact_format: gzip`. */
export async function createGzip(
  archive: string,
  directory: string,
  files: readonly string[],
): Promise<void> {
  await writeFile(archive, '');
  for (const file of files) {
    const path = resolve(directory, file);
    const stats = await lstat(path);
    if (stats.isFile()) await appendFile(archive, gzipMember(file, await readFile(path), stats.mtime));
  }
}

/** Reads the content of all members. */
export async function readGzip(archive: string): Promise<Buffer> {
  return gunzipSync(await readFile(archive));
}
