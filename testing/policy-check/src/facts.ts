import {
  fleetOfJobFamily,
  MANAGER_STARTED_BY,
  TAG,
  type TaskRole,
  taskIdOf,
} from '@serverless-gitlab-runner/fleet';
import type { Installation } from './installation.ts';
import { registeredRoles } from './needs/ecs.ts';
import { type Facts, optionalText, recordedTags } from './needs/need.ts';
import type { RecordedCall } from './recording.ts';

/**
 * Derives roles of task definitions and tags of tasks from a recording. Responses are not recorded, so the role tag is derived
 * from the callers and operations that name the task; failing that, from what the caller's code stops or marks. The fleet tag is
 * known only if all recorded tasks have the same fleet, or if the call itself carries the tags (`resourceTags`).
 */
export function factsOf(calls: readonly RecordedCall[], installation: Installation): Facts {
  const managers = managersIn(calls);
  const jobs = jobsIn(calls, managers);
  const fleet = onlyFleet(calls);
  return {
    tagsOfTask(taskArn, call) {
      const { resourceTags } = call.parameters;
      if (Array.isArray(resourceTags)) return resourceTags.map(String);
      const task = taskIdOf(taskArn);
      const role = managers.has(task) ? 'manager' : jobs.has(task) ? 'job' : assumedRole(call);
      return role && [`${TAG.role}=${role}`, ...(fleet === undefined ? [] : [`${TAG.fleet}=${fleet}`])];
    },
    rolesOfDefinition: (family) =>
      installation.taskRoles.get(family) ?? rolesOfJobs(calls, fleetOfJobFamily(family)),
  };
}

/** A manager's task id is the `startedBy` of its job tasks, and a manager reads only the tags of its own task. */
function managersIn(calls: readonly RecordedCall[]): Set<string> {
  const ids = calls
    .filter(({ caller }) => caller === 'manager')
    .flatMap((call) => [
      optionalText(call, 'startedBy') ?? '',
      call.operation === 'ListTagsForResource' ? (optionalText(call, 'resourceArn') ?? '') : '',
    ])
    .filter((id) => id !== '' && id !== MANAGER_STARTED_BY);
  return new Set(ids.map(taskIdOf));
}

/** Managers describe only tasks that they started, which are job tasks. */
function jobsIn(calls: readonly RecordedCall[], managers: ReadonlySet<string>): Set<string> {
  const tasks = calls
    .filter(({ caller, operation }) => caller === 'manager' && operation === 'DescribeTasks')
    .flatMap(({ parameters }) => (Array.isArray(parameters.tasks) ? parameters.tasks.map(String) : []));
  return new Set(tasks.map(taskIdOf).filter((id) => !managers.has(id)));
}

/**
 * Launcher and reaper mark only managers, whose tags they have read, and managers tag only job tasks. Any other task that is
 * stopped is a job task.
 */
function assumedRole({ operation, caller }: RecordedCall): TaskRole | undefined {
  if (operation === 'TagResource') return caller === 'manager' ? 'job' : 'manager';
  return operation === 'StopTask' ? 'job' : undefined;
}

/** The fleet that tasks were started for, if there is only one. */
function onlyFleet(calls: readonly RecordedCall[]): string | undefined {
  const prefix = `${TAG.fleet}=`;
  const fleets = calls
    .filter(({ operation }) => operation === 'RunTask')
    .flatMap((call) => recordedTags(call).filter((tag) => tag.startsWith(prefix)));
  const [fleet, ...others] = new Set(fleets);
  return others.length > 0 ? undefined : fleet?.slice(prefix.length);
}

/** Roles of all job definitions of a fleet: the recording counts its families as one. */
function rolesOfJobs(calls: readonly RecordedCall[], fleet: string | undefined): string[] | undefined {
  if (fleet === undefined) return undefined;
  const registrations = calls.filter(
    (call) =>
      call.operation === 'RegisterTaskDefinition' &&
      fleetOfJobFamily(optionalText(call, 'family') ?? '') === fleet,
  );
  if (registrations.length === 0) return undefined;
  return [...new Set(registrations.flatMap(registeredRoles))];
}
