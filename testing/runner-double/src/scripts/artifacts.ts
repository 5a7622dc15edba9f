import type { BuildContext } from '../job/build-context.ts';
import type { JobArtifact } from '../job/payload.ts';
import { withRunnerCommand, writeExports } from './exports.ts';
import type { ScriptWriter } from './script-writer.ts';

export function writeDownloadArtifacts(writer: ScriptWriter, context: BuildContext): boolean {
  const dependencies = context.job.dependencies.filter(
    (dependency) => (dependency.artifacts_file?.filename ?? '') !== '',
  );
  if (dependencies.length === 0) return false;
  writeExports(writer, context);
  writer.changeDirectory(context.directories.build);
  withRunnerCommand(writer, 'Artifacts downloading', () => {
    for (const { id, name, token } of dependencies) {
      writer.notice(`Downloading artifacts for ${name} (${id})...`);
      writer.command(
        ...['gitlab-runner', 'artifacts-downloader', '--url', context.runner.url],
        ...['--token', token, '--id', String(id)],
      );
    }
  });
  return true;
}

function isDue(artifact: JobArtifact, onSuccess: boolean): boolean {
  const { when } = artifact;
  return onSuccess
    ? when === '' || when === 'on_success' || when === 'always'
    : when === 'on_failure' || when === 'always';
}

function selection(artifact: JobArtifact): string[] {
  return [
    ...artifact.paths.flatMap((path) => ['--path', path]),
    ...artifact.exclude.flatMap((path) => ['--exclude', path]),
    ...(artifact.untracked ? ['--untracked'] : []),
  ];
}

export function writeUploadArtifacts(
  writer: ScriptWriter,
  context: BuildContext,
  onSuccess: boolean,
): boolean {
  const artifacts = context.job.artifacts.filter(
    (artifact) => isDue(artifact, onSuccess) && selection(artifact).length > 0,
  );
  if (artifacts.length === 0) return false;
  writeExports(writer, context);
  writer.changeDirectory(context.directories.build);
  for (const artifact of artifacts) {
    const option = (name: string, value: string) => (value === '' ? [] : [name, value]);
    const upload = [
      ...['gitlab-runner', 'artifacts-uploader', '--url', context.runner.url],
      ...['--token', context.job.token, '--id', String(context.job.id)],
      ...selection(artifact),
      ...option('--name', artifact.name),
      ...option('--expire-in', artifact.expire_in),
      ...option('--artifact-format', artifact.artifact_format),
      ...option('--artifact-type', artifact.artifact_type),
    ];
    withRunnerCommand(writer, 'Uploading artifacts', () => {
      writer.notice('Uploading artifacts...');
      writer.command(...upload);
    });
  }
  return true;
}
