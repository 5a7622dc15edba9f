import { runCommand } from '@serverless-gitlab-runner/machine';

/** What `gitlab-runner --version` in an image says, such as `19.4.0`. @throws when it says none */
export async function readRunnerRelease(image: string): Promise<string> {
  const output = await runCommand('docker', [
    ...['run', '--rm', '--network', 'none', '--entrypoint', 'gitlab-runner', image, '--version'],
  ]);
  const [, release] = /^Version:\s*(\d+\.\d+\.\d+)/m.exec(output) ?? [];
  if (release === undefined) throw new Error(`gitlab-runner in ${image} tells no version: ${output}`);
  return release;
}

/** Whether a release is older than one that is named by its first two numbers. */
export function isOlder(release: string, since: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  const [sinceMajor = 0, sinceMinor = 0] = since.split('.').map(Number);
  return major < sinceMajor || (major === sinceMajor && minor < sinceMinor);
}
