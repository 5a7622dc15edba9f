import { runCommand, tryCommand } from '@serverless-gitlab-runner/machine';

/** Removes every image of that registry from Docker. */
export async function removeImagesOf(address: string): Promise<void> {
  const formats = [['{{.Repository}}:{{.Tag}}'], ['{{.Repository}}@{{.Digest}}', '--digests']];
  const lists = await Promise.all(
    formats.map(([format = '', ...options]) =>
      runCommand('docker', ['images', ...options, '--format', format]),
    ),
  );
  const names = lists
    .flatMap((list) => list.split('\n'))
    .filter((name) => name.startsWith(`${address}/`) && !name.includes('<none>'));
  if (names.length > 0) await tryCommand('docker', ['rmi', '--force', ...new Set(names)]);
}
