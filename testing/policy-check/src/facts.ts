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
 * What a recording tells of task definitions and of tasks' tags. Answers are not recorded, so a task's role tag is told
 * by who named the task how, and only where nothing tells is it taken to be what the caller's code stops or marks. Its fleet is the
 * one that all recorded tasks were started for; where there are several, only what a test says of the task tells.
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
      const role = managers.has(task) ? 'manager' : jobs.has(task) ? 'job' : presumed(call);
      return role && [`${TAG.role}=${role}`, ...(fleet === undefined ? [] : [`${TAG.fleet}=${fleet}`])];
    },
    rolesOfDefinition: (family) =>
      installation.taskRoles.get(family) ?? rolesOfJobs(calls, fleetOfJobFamily(family)),
  };
}

/** A manager's task id is the `startedBy` of its job tasks, and a manager reads the tags of no task but its own. */
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

/** Managers look at tasks that they started, which are jobs'. */
function jobsIn(calls: readonly RecordedCall[], managers: ReadonlySet<string>): Set<string> {
  const tasks = calls
    .filter(({ caller, operation }) => caller === 'manager' && operation === 'DescribeTasks')
    .flatMap(({ parameters }) => (Array.isArray(parameters.tasks) ? parameters.tasks.map(String) : []));
  return new Set(tasks.map(taskIdOf).filter((id) => !managers.has(id)));
}

/** Launcher and reaper mark tasks only whose tags they have read to be a manager's; what else is stopped is a job's. */
function presumed({ operation }: RecordedCall): TaskRole | undefined {
  if (operation === 'TagResource') return 'manager';
  return operation === 'StopTask' ? 'job' : undefined;
}

/** The fleet that tasks were started for, if it is one only. */
function onlyFleet(calls: readonly RecordedCall[]): string | undefined {
  const mark = `${TAG.fleet}=`;
  const fleets = calls
    .filter(({ operation }) => operation === 'RunTask')
    .flatMap((call) => recordedTags(call).filter((tag) => tag.startsWith(mark)));
  const [fleet, ...others] = new Set(fleets);
  return others.length > 0 ? undefined : fleet?.slice(mark.length);
}

/** Roles of all of a fleet's job definitions together: the recording counts families alike as one. */
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
