import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SGR = fileURLToPath(new URL('../src/sgr.ts', import.meta.url));

it('ends in silence when nobody reads its output', () => {
  // `true` reads nothing, and has ended before the help is printed.
  const script = `set -o pipefail; "${process.execPath}" "${SGR}" why --help | true`;
  const { status, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
