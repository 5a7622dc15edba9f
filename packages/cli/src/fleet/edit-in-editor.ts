import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { OperationError, UsageError } from '../operation-error.ts';
import type { FleetSettings } from '../settings/deployed-settings.ts';

const documentSchema = z.record(z.string(), z.unknown());

/**
 * Lets a person edit a fleet's settings as JSON with VISUAL, EDITOR or vi.
 * @throws {UsageError} if the result is not a JSON object, {OperationError} if the editor fails
 */
export async function editInEditor(before: FleetSettings): Promise<Record<string, unknown>> {
  const directory = await mkdtemp(join(tmpdir(), 'sgr-fleet-'));
  try {
    const file = join(directory, `${before.name}.json`);
    await writeFile(file, `${JSON.stringify(before, undefined, 2)}\n`, { mode: 0o600 });
    await runEditor(file);
    return parseDocument(await readFile(file, 'utf8'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** @throws {UsageError} */
export function parseDocument(text: string): Record<string, unknown> {
  try {
    return documentSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new UsageError(`A fleet's settings are a JSON object: ${(error as Error).message}`);
  }
}

/** An editor may be a command with options, such as `code --wait`. */
async function runEditor(file: string): Promise<void> {
  const editor = process.env.VISUAL || process.env.EDITOR || 'vi';
  const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new OperationError(`${editor} ended with ${code}: nothing was changed.`);
}
