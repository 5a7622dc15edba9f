import { runCommand } from '@serverless-gitlab-runner/machine';

/** Reads the version of gitlab-runner in an image, such as `19.4.0`. @throws if it prints none */
export async function readRunnerRelease(image: string): Promise<string> {
  const output = await runCommand('docker', [
    ...['run', '--rm', '--network', 'none', '--entrypoint', 'gitlab-runner', image, '--version'],
  ]);
  const [, release] = /^Version:\s*(\d+\.\d+\.\d+)/m.exec(output) ?? [];
  if (release === undefined) throw new Error(`gitlab-runner in ${image} printed no version: ${output}`);
  return release;
}

/** Whether a release is older than `since`, which has the form `17.9`. */
export function isOlder(release: string, since: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  const [sinceMajor = 0, sinceMinor = 0] = since.split('.').map(Number);
  return major < sinceMajor || (major === sinceMajor && minor < sinceMinor);
}
