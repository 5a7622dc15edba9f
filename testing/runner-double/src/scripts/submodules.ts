import type { BuildContext } from '../job/build-context.ts';
import { EXTERNAL_GIT_CONFIG_VARIABLE } from './git-remote.ts';
import type { ScriptWriter } from './script-writer.ts';

/** The notice in the job log before submodules are fetched. */
function updateNotice(recursive: boolean, depth: number): string {
  const mode = recursive ? ' recursively' : '';
  const limit = depth > 0 ? ` with git depth set to ${depth}` : '';
  return `Updating/initializing submodules${mode}${limit}...`;
}

export function writeSubmodules(writer: ScriptWriter, context: BuildContext): void {
  const { settings } = context;
  const withGit = settings.gitStrategy === 'clone' || settings.gitStrategy === 'fetch';
  if (!withGit || settings.submoduleStrategy === 'none') {
    writer.notice('Skipping Git submodules setup');
    return;
  }
  const recursive = settings.submoduleStrategy === 'recursive';
  const depth = settings.submoduleDepth;
  writer.notice(updateNotice(recursive, depth));

  const deep = recursive ? ['--recursive'] : [];
  const paths = settings.submodulePaths.length > 0 ? ['--', ...settings.submodulePaths] : [];
  const sync = ['git', 'submodule', 'sync', ...deep, ...paths];
  const each = ['git', 'submodule', 'foreach', ...deep];
  const clean = ['git', 'clean', ...(settings.gitCleanFlags.length > 0 ? settings.gitCleanFlags : ['-ffdx'])];
  const limit = depth > 0 ? ['--depth', String(depth)] : [];
  const update = [
    'submodule',
    'update',
    '--init',
    ...deep,
    ...limit,
    ...settings.submoduleUpdateFlags,
    ...paths,
  ];
  // A submodule does not read its parent's configuration, so the credentials are included explicitly.
  const authenticated = `git -c include.path="$${EXTERNAL_GIT_CONFIG_VARIABLE}"`;
  const updateLine = `${authenticated} ${update.map((word) => writer.escape(word)).join(' ')}`;

  writer.command('git', 'submodule', 'init');
  writer.command(...sync);
  writer.command(...each, ...clean);
  writer.command(...each, 'git', 'reset', '--hard');
  writer.when(
    updateLine,
    () => {
      writer.notice('Updated submodules');
      writer.command(...sync);
    },
    () => {
      writer.warning('Updating submodules failed. Retrying...');
      writer.command(...sync);
      writer.line(updateLine);
      writer.checkExitCode();
      writer.command(...each, 'git', 'reset', '--hard');
    },
  );
  writer.command(...each, ...clean);
  writer.notice('Configuring submodules to use parent git credentials...');
  writer.line(
    `git submodule foreach --recursive git config --replace-all include.path "$${EXTERNAL_GIT_CONFIG_VARIABLE}"`,
  );
  writer.checkExitCode();
  if (settings.lfsSmudgeSkipped) return;
  writer.when(writer.succeeds(['git', 'lfs', 'version'], 'hidden'), () => {
    writer.notice('Pulling LFS files...');
    writer.line(`${authenticated} submodule foreach ${deep.join(' ')} git lfs pull`);
    writer.checkExitCode();
  });
}
