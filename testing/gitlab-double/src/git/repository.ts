import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { GitCommandError } from '../errors.ts';
import type { Commit } from '../model/pipeline.ts';
import type { Project } from '../model/project.ts';
import { gitEnvironment } from './git-environment.ts';

const run = promisify(execFile);

/**
 * A file of a commit: its text or bytes, with a mode if it is to be executable; a commit of another repository
 * (submodule); a large file (Git LFS), of which git has the pointer; a symbolic link; or null to delete what is there.
 */
export type CommitFile =
  | string
  | Uint8Array
  | { content: string | Uint8Array; mode: number }
  | { submodule: string }
  | { largeFile: string | Uint8Array }
  | { linkTo: string }
  | null;

export interface CommitDefinition {
  files: Readonly<Record<string, CommitFile>>;
  message: string;
  /** Default: the project's default branch. A new branch starts at the commit that is checked out. */
  branch?: string;
  /** A tag for the commit. Default none. */
  tag?: string;
}

/** Runs git, isolated from the host's configuration, and gives back its standard output. Throws a GitCommandError. */
async function git(directory: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await run('git', args, {
      cwd: directory,
      env: gitEnvironment(),
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GitCommandError(`git ${args.join(' ')} in ${directory}: ${reason}`, { cause: error });
  }
}

/** Makes a project's bare repository, configured as Gitaly serves it, and a clone of it to work in. */
export async function createRepository(project: Project): Promise<void> {
  await mkdir(project.repository, { recursive: true });
  await mkdir(project.workTree, { recursive: true });
  await git(project.repository, 'init', '--quiet', '--bare', `--initial-branch=${project.defaultBranch}`);
  await git(project.repository, 'config', 'uploadpack.allowAnySHA1InWant', 'true');
  await git(project.repository, 'config', 'uploadpack.allowFilter', 'true');
  await git(project.repository, 'config', 'http.receivepack', 'false');
  await git(project.workTree, 'init', '--quiet', `--initial-branch=${project.defaultBranch}`);
  await git(project.workTree, 'remote', 'add', 'origin', project.repository);
}

/** Commits files in the work tree and pushes them to the bare repository. */
export async function pushCommit(project: Project, definition: CommitDefinition): Promise<Commit> {
  const branch = definition.branch ?? project.defaultBranch;
  await checkOut(project, branch);
  for (const [path, file] of Object.entries(definition.files)) await writeCommitFile(project, path, file);
  await git(project.workTree, 'add', '--all');
  for (const [path, file] of Object.entries(definition.files)) {
    if (!isA(file, 'submodule')) continue;
    await git(project.workTree, 'update-index', '--add', '--cacheinfo', `160000,${file.submodule},${path}`);
  }
  await git(project.workTree, 'commit', '--quiet', '--allow-empty', '--message', definition.message);
  const tag = definition.tag === undefined ? [] : [`HEAD:refs/tags/${definition.tag}`];
  await git(project.workTree, 'push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`, ...tag);
  return readCommit(project, branch);
}

/** The newest commit of a branch, tag or sha. Throws a GitCommandError if there is none. */
export async function readCommit(project: Project, ref: string): Promise<Commit> {
  const output = await git(
    project.repository,
    'log',
    '-1',
    '--format=%H%x00%an%x00%ae%x00%cI%x00%B',
    ref,
    '--',
  );
  const [sha = '', authorName = '', authorEmail = '', timestamp = '', ...message] = output.split('\0');
  return { sha, authorName, authorEmail, timestamp, message: `${message.join('\0').trimEnd()}\n` };
}

/** The commit that last changed a path, as of another commit; undefined when there is nothing at the path. */
export async function lastCommitOf(project: Project, sha: string, path: string): Promise<string | undefined> {
  const output = await git(project.repository, 'log', '-1', '--format=%H', sha, '--', path);
  return output.trim() || undefined;
}

/** `refs/pipelines/<id>`: what GitLab lets runners fetch, so that a job finds its commit whatever became of the branch. */
export async function setPersistentRef(project: Project, pipelineId: number, sha: string): Promise<void> {
  await git(project.repository, 'update-ref', `refs/pipelines/${pipelineId}`, sha);
}

async function checkOut(project: Project, branch: string): Promise<void> {
  const current = (await git(project.workTree, 'symbolic-ref', '--short', 'HEAD')).trim();
  if (current === branch) return;
  const exists = await git(project.workTree, 'branch', '--list', branch);
  await git(project.workTree, 'checkout', '--quiet', ...(exists ? [branch] : ['-b', branch]));
}

async function writeCommitFile(project: Project, path: string, file: CommitFile): Promise<void> {
  const target = join(project.workTree, path);
  if (!normalize(target).startsWith(`${project.workTree}/`)) {
    throw new GitCommandError(`${path} is outside of the repository: give a relative path below it.`);
  }
  if (file === null) return rm(target, { recursive: true, force: true });
  if (isA(file, 'submodule')) return;
  await mkdir(dirname(target), { recursive: true });
  if (isA(file, 'linkTo')) return symlink(file.linkTo, target);
  const { content, mode } = isA(file, 'content')
    ? file
    : { content: isA(file, 'largeFile') ? keepLargeFile(project, file.largeFile) : file, mode: 0o644 };
  await writeFile(target, content);
  await chmod(target, mode);
}

function isA<K extends string>(file: CommitFile, key: K): file is Extract<CommitFile, Record<K, unknown>> {
  return typeof file === 'object' && file !== null && key in file;
}

/** Keeps a large file's content for `git lfs pull`, and returns the pointer that git has of it. */
function keepLargeFile(project: Project, content: string | Uint8Array): string {
  const bytes = Buffer.from(content);
  const oid = createHash('sha256').update(bytes).digest('hex');
  project.largeFiles.set(oid, bytes);
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${bytes.length}\n`;
}
