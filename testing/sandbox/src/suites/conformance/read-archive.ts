import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Job } from '@serverless-gitlab-runner/gitlab-double';
import { fromBuffer } from 'yauzl';

/** A file in a job's artifact archive. */
export interface ArchivedFile {
  content: Buffer;
  /** Unix file mode, including the file's type. */
  mode: number;
}

/** Reads the files of a job's artifact archive, without folders. */
export async function readArchive(job: Job): Promise<Map<string, ArchivedFile>> {
  const files = new Map<string, ArchivedFile>();
  if (job.archive === undefined) return files;
  const zip = await openZip(await readFile(job.archive.path));
  return new Promise((resolve, reject) => {
    zip.on('error', reject).on('end', () => resolve(files));
    zip.on('entry', (entry) => {
      if (entry.fileName.endsWith('/')) return zip.readEntry();
      zip.openReadStream(entry, (error, stream) => {
        if (error) return reject(error);
        buffer(stream).then((content) => {
          files.set(entry.fileName, { content, mode: entry.externalFileAttributes >>> 16 });
          zip.readEntry();
        }, reject);
      });
    });
    zip.readEntry();
  });
}

function openZip(bytes: Buffer): Promise<import('yauzl').ZipFile> {
  return new Promise((resolve, reject) => {
    fromBuffer(bytes, { lazyEntries: true }, (error, zip) => (error ? reject(error) : resolve(zip)));
  });
}
