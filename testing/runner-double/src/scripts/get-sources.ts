import { posix } from 'node:path';
import { AUTHORITIES_VARIABLE, type BuildContext } from '../job/build-context.ts';
import { contentOf } from '../job/variables.ts';
import { VERSION } from '../version.ts';
import { quotePath } from './escape.ts';
import { writeExports } from './exports.ts';
import { EXTERNAL_GIT_CONFIG, EXTERNAL_GIT_CONFIG_VARIABLE, gitRemote } from './git-remote.ts';
import type { ScriptWriter } from './script-writer.ts';
import { writeSubmodules } from './submodules.ts';
import { writeCommands } from './user-script.ts';

const TEMPLATE_DIRECTORY = 'git-template';

export function writeGetSources(writer: ScriptWriter, context: BuildContext): void {
  writeExports(writer, context);
  writer.variable({ key: 'GIT_TERMINAL_PROMPT', value: '0', file: false });
  writer.variable({ key: 'GCM_INTERACTIVE', value: 'Never', file: false });
  writeHook(writer, context, 'pre_get_sources_script', 'pre_clone_script');
  if (!context.settings.lfsSmudgeSkipped) {
    // Smudging file by file is slow and memory-intensive: all large files are pulled at once after the checkout.
    writer.variable({ key: 'GIT_LFS_SKIP_SMUDGE', value: '1', file: false });
  }
  writeStrategy(writer, context);
  writeCheckout(writer, context);
  writeSubmodules(writer, context);
  writeHook(writer, context, 'post_get_sources_script', 'post_clone_script');
}

/** Removes tracked and untracked files before the sources are fetched again. */
export function writeClearWorktree(writer: ScriptWriter, context: BuildContext): void {
  writer.notice('Deleting tracked and untracked files...');
  writer.when(`[ -d ${quotePath(context.directories.build)} ]`, () => {
    writer.changeDirectory(context.directories.build);
    writer.command('git', 'rm', '-rf', '--ignore-unmatch', '--quiet', '.');
    writer.command('git', 'clean', '-ffdx', '-q');
  });
}

function usesGit(context: BuildContext): boolean {
  return context.settings.gitStrategy === 'clone' || context.settings.gitStrategy === 'fetch';
}

function writeHook(writer: ScriptWriter, context: BuildContext, name: string, prefix: string): void {
  const script = context.job.hooks.find((hook) => hook.name === name)?.script ?? [];
  if (script.length > 0 && usesGit(context)) writeCommands(writer, context, prefix, script);
}

function writeStrategy(writer: ScriptWriter, context: BuildContext): void {
  const project = context.directories.build;
  switch (context.settings.gitStrategy) {
    case 'none':
      writer.notice('Skipping Git repository setup');
      writer.makeDirectory(project);
      return;
    case 'empty':
      writer.notice('Skipping Git repository setup and creating an empty build directory');
      writer.removeDirectory(project);
      writer.makeDirectory(project);
      return;
    case 'clone':
      writeGitCleanup(writer, context);
      writer.removeDirectory(project);
      writeFetch(writer, context);
      return;
    case 'fetch':
      writeGitCleanup(writer, context);
      writeFetch(writer, context);
      return;
  }
}

/** Removes lock files of a killed git, and configuration and hooks that an earlier job may have planted. */
export function writeGitCleanup(writer: ScriptWriter, context: BuildContext): void {
  const git = posix.join(context.directories.build, '.git');
  for (const file of ['index.lock', 'shallow.lock', 'HEAD.lock', 'hooks/post-checkout', 'config.lock']) {
    writer.removeFile(posix.join(git, file));
  }
  writer.removeFilesBelow(posix.join(git, 'refs'), '*.lock');
  if (context.settings.gitStrategy === 'none') return;
  for (const directory of [writer.temporaryFile(TEMPLATE_DIRECTORY), git]) {
    writer.removeFile(posix.join(directory, 'config'));
    writer.removeDirectory(posix.join(directory, 'hooks'));
  }
}

function writeFetch(writer: ScriptWriter, context: BuildContext): void {
  const { git_info: git } = context.job;
  const remote = gitRemote(context);
  const template = writer.temporaryFile(TEMPLATE_DIRECTORY);
  writeGitTemplate(writer, context, template, remote.rewrites);

  writer.notice(
    git.depth > 0 ? `Fetching changes with git depth set to ${git.depth}...` : 'Fetching changes...',
  );
  const format = git.repo_object_format;
  writer.line(
    `git init ${writer.escape(context.directories.build)} --template ${quotePath(template)}` +
      (format === '' || format === 'sha1' ? '' : ` --object-format ${writer.escape(format)}`),
  );
  writer.checkExitCode();
  writer.changeDirectory(context.directories.build);
  writer.when(
    writer.succeeds(['git', 'remote', 'add', 'origin', remote.url], 'hidden'),
    () => writer.notice('Created fresh repository.'),
    () => {
      writer.command('git', 'remote', 'set-url', 'origin', remote.url);
      writer.line(
        `git config --replace-all include.path "$${EXTERNAL_GIT_CONFIG_VARIABLE}" 'gitlab-runner\\.ext\\.conf$'`,
      );
    },
  );
  const agent = `http.userAgent=${VERSION.name} ${VERSION.version} ${VERSION.os}/${VERSION.architecture}`;
  const fetch = ['git', '-c', agent, 'fetch', 'origin', '--no-recurse-submodules', ...git.refspecs];
  const flags = context.settings.gitFetchFlags;
  if (git.depth > 0) {
    writer.command(...fetch, '--depth', String(git.depth), ...flags);
    return;
  }
  writer.when(
    '[ -e .git/shallow ]',
    () => writer.command(...fetch, ...flags, '--unshallow'),
    () => writer.command(...fetch, ...flags),
  );
}

function writeGitTemplate(
  writer: ScriptWriter,
  context: BuildContext,
  template: string,
  rewrites: readonly (readonly [string, string])[],
): void {
  const config = quotePath(`${template}/config`);
  const external = quotePath(writer.temporaryFile(EXTERNAL_GIT_CONFIG));
  writer.line(`mkdir -p ${quotePath(template)}`);
  for (const [key, value] of [
    ['init.defaultBranch', 'none'],
    ['fetch.recurseSubmodules', 'false'],
    ['credential.interactive', 'never'],
    ['gc.autoDetach', 'false'],
  ]) {
    writer.line(`git config -f ${config} ${key} ${value}`);
  }
  if (contentOf(context.variables, AUTHORITIES_VARIABLE) !== '') {
    // Of the runner's URL, not of `clone_url`, as in the real runner.
    const key = writer.escape(`http.${new URL(context.runner.url).origin}.sslCAInfo`);
    writer.line(`git config -f ${config} ${key} "$${AUTHORITIES_VARIABLE}"`);
  }
  writer.line(`rm -f ${external}`);
  for (const [withCredentials, without] of rewrites) {
    writer.line(
      `git config -f ${external} --add ${writer.escape(`url.${withCredentials}.insteadOf`)} ${writer.escape(without)}`,
    );
  }
  writer.line(`git config -f ${config} include.path ${external}`);
  writer.line(`export ${EXTERNAL_GIT_CONFIG_VARIABLE}=${external}`);
  writer.checkExitCode();
}

function writeCheckout(writer: ScriptWriter, context: BuildContext): void {
  const { git_info: git } = context.job;
  if (!usesGit(context) || !context.settings.gitCheckout) {
    writer.notice('Skipping Git checkout');
    return;
  }
  writer.notice(`Checking out ${git.sha.slice(0, 8)} as detached HEAD (ref is ${git.ref})...`);
  writer.command('git', '-c', 'submodule.recurse=false', 'checkout', '-f', '-q', git.sha);
  if (context.settings.gitCleanFlags.length > 0)
    writer.command('git', 'clean', ...context.settings.gitCleanFlags);
  if (context.settings.lfsSmudgeSkipped) return;
  writer.when(writer.succeeds(['git', 'lfs', 'version'], 'hidden'), () => {
    writer.command('git', 'lfs', 'pull');
    writer.emptyLine();
  });
}
