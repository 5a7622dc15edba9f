import { randomBytes } from 'node:crypto';
import type { Instance } from './instance.ts';
import type { RunnerDefinition } from './model/definitions.ts';
import type { Runner } from './model/runner.ts';

export function newRunnerToken(): string {
  return `glrt-${randomBytes(15).toString('base64url')}`;
}

/** Creates a runner as GitLab's "New runner" page does: a record and a `glrt-` token, without managers. */
export function createRunner(instance: Instance, definition: RunnerDefinition = {}): Runner {
  const runner: Runner = {
    id: instance.nextId('runner'),
    token: definition.token ?? newRunnerToken(),
    description: definition.description ?? '',
    tags: definition.tags ?? [],
    runUntagged: definition.runUntagged ?? true,
    paused: definition.paused ?? false,
    accessLevel: definition.accessLevel ?? 'not_protected',
    revoked: false,
    createdAt: instance.now(),
    managers: new Map(),
  };
  instance.runners.set(runner.id, runner);
  return runner;
}
