import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Puts an `ssh` into a folder that answers as the helper would: it "connects" when asked to hold the connection, and
 * tells of a build container when asked whether it is ready. Every call is noted in `calls`, one line each.
 * @returns the environment in which it is found
 */
export async function fakeSsh(folder: string): Promise<Record<string, string>> {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  const script = `#!/bin/sh
echo "$*" >> '${folder}/calls'
case "$*" in
  *' -N '*) echo connected; exec sleep 60 ;;
  *ready) echo 'user=1000 shell=/bin/sh' ;;
  *'stage build_setup '*) cat >> '${folder}/build-setup'; echo 'job-helper: exit 0' >&2 ;;
esac
`;
  await writeFile(join(bin, 'ssh'), script);
  await chmod(join(bin, 'ssh'), 0o755);
  return { PATH: `${bin}:${process.env.PATH ?? ''}` };
}
