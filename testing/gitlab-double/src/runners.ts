import { randomBytes } from 'node:crypto';
import type { Instance } from './instance.ts';
import type { RunnerDefinition } from './model/definitions.ts';
import type { Project } from './model/project.ts';
import type { Runner } from './model/runner.ts';

/** Creates a runner as GitLab's "New runner" page does: a record and a `glrt-` token, without managers. */
export function createRunner(instance: Instance, definition: RunnerDefinition = {}): Runner {
  const runner: Runner = {
    id: instance.nextId('runner'),
    token: definition.token ?? createRunnerToken(),
    description: definition.description ?? '',
    tags: definition.tags ?? [],
    runUntagged: definition.runUntagged ?? true,
    paused: definition.paused ?? false,
    accessLevel: definition.accessLevel ?? 'not_protected',
    scope: definition.scope ?? { type: 'instance_type' },
    revoked: false,
    createdAt: instance.now(),
    managers: new Map(),
  };
  instance.runners.set(runner.id, runner);
  return runner;
}

/** A new authentication token of a runner. */
export function createRunnerToken(): string {
  return `glrt-${randomBytes(15).toString('base64url')}`;
}

/** Whether a runner is available to a project. */
export function isAvailableTo({ scope }: Runner, project: Project): boolean {
  if (scope.type === 'instance_type') return true;
  if (scope.type === 'group_type') return `${project.namespace}/`.startsWith(`${scope.group}/`);
  return scope.projectIds.has(project.id);
}
