import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { CommitFile } from '@serverless-gitlab-runner/gitlab-double';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';

const REPOSITORIES = join(REPOSITORY_ROOT, 'testing/sandbox/conformance');

/** Reads the files of a conformance repository by path, with executable bits and symbolic links. */
export async function loadRepository(name: string): Promise<Record<string, CommitFile>> {
  const folder = join(REPOSITORIES, name);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files: Record<string, CommitFile> = {};
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path);
    if (entry.isSymbolicLink()) files[name] = { linkTo: await readlink(path) };
    else if (entry.isFile()) {
      files[name] = { content: await readFile(path), mode: (await lstat(path)).mode & 0o777 };
    }
  }
  return files;
}
