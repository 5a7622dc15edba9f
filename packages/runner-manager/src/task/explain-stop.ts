import type { Container, Task } from '@aws-sdk/client-ecs';
import { BUILD_CONTAINER, HELPER_CONTAINER } from '@serverless-gitlab-runner/fleet';
import { formatSize } from '../parse-quantity.ts';
import { isSpotInterruption } from './task-facts.ts';

/** Why a task ended, for the job log. */
export interface StopExplanation {
  /** `job`: the job must change, retrying cannot help. `capacity`: another capacity provider may have capacity. */
  fault: 'job' | 'capacity' | 'system';
  lines: string[];
}

/** What registries answer for an image that does not exist or that the login may not read. */
const NO_SUCH_IMAGE = /not found|manifest unknown|does not exist|name unknown|no such (image|manifest)/i;
const NOT_ALLOWED =
  /unauthori[sz]ed|denied|forbidden|authentication required|no basic auth|authorization failed|\b40[13]\b/i;
const RATE_LIMIT = /toomanyrequests|rate limit|\b429\b/i;
const WRONG_ARCHITECTURE =
  /no match(ing manifest)? for platform|image manifest does not contain descriptor matching platform|exec format error/i;
/** How ECS names a Fargate task's architecture: `x86_64` or `arm64`. */
const CPU_ATTRIBUTE = 'ecs.cpu-architecture';

const PULL = /CannotPull|pull image/i;
const DISK_FULL = /no space left on device/i;
const NO_SUCH_USER = /unable to find (user|group)|no matching entries in (passwd|group) file/i;
const NOT_STARTED = /CannotStartContainer|CannotCreateContainer|ContainerRuntime/i;
/** Exit codes of a container that stopped on request. */
const ENDED_ON_REQUEST = [0, 143];
/** Exit code of a container that was killed: for lack of memory, or because it did not end in time. */
const KILLED = 137;
/** Exit codes of the helper (`images/job-base/helper/entrypoint`), which writes to no log once the job runs. */
const HELPER_EXITS: Readonly<Record<number, string>> = {
  70: 'The helper stopped the job task (exit code 70): no heartbeat from its manager for job.deadManSeconds. The manager died, or the network between them failed.',
  71: 'The helper stopped the job task (exit code 71): its SSH server or agent exited. A job that runs code in the helper or uses port 10022 can cause this.',
};
const NOT_INITIALIZED = /ResourceInitializationError/i;

/** Explains why ECS stopped a task, from its stop code and reason and those of its containers. */
export function explainStop(task: Task): StopExplanation {
  const reason = reasonsOf(task);
  return (
    explainDisk(task, reason) ??
    explainArchitecture(task, reason) ??
    explainPull(task, reason) ??
    explainStart(reason) ??
    explainCapacity(task, reason) ??
    explainContainer(task) ?? {
      fault: 'system',
      lines: [`AWS stopped the job task: ${reason || task.stopCode || 'no reason given'}`],
    }
  );
}

/** ECS reports most reasons twice: for the task and for its container. */
function reasonsOf(task: Task): string {
  // Stryker disable next-line ArrayDeclaration: a text in place of a container has no reason
  const reasons = [task.stoppedReason, ...(task.containers ?? []).map((each) => each.reason)];
  return [...new Set(reasons)].filter((reason) => reason).join('; ');
}

function explainDisk(task: Task, reason: string): StopExplanation | undefined {
  if (!DISK_FULL.test(reason)) return undefined;
  const gib = task.ephemeralStorage?.sizeInGiB ?? 20;
  const advice = `The task's disk is full: it has ${gib} GB for images and files. Increase FARGATE_EPHEMERAL_STORAGE.`;
  return { fault: 'job', lines: [`The job task could not continue: ${reason}`, advice] };
}

/** Failures to start a container whose image was pulled. */
function explainStart(reason: string): StopExplanation | undefined {
  if (NO_SUCH_USER.test(reason)) {
    const advice =
      'The image has no user with the name given in `docker: user:`. Use a numeric id, or remove the setting.';
    return { fault: 'job', lines: [`A container could not be started: ${reason}`, advice] };
  }
  if (NOT_STARTED.test(reason)) {
    return { fault: 'system', lines: [`A container could not be started: ${reason}`] };
  }
  if (!NOT_INITIALIZED.test(reason)) return undefined;
  const advice =
    "Contact this fleet's administrator: the job subnets must reach AWS (through a NAT gateway, VPC endpoints or public addresses), and the job execution role needs permission for what it reads.";
  return { fault: 'system', lines: [`AWS could not set up the job task: ${reason}`, advice] };
}

/** An image for another architecture than the task's. The pull fails or, if the image's manifest is wrong, its first program. */
function explainArchitecture(task: Task, reason: string): StopExplanation | undefined {
  if (!WRONG_ARCHITECTURE.test(reason)) return undefined;
  const container = task.containers?.find((each) => each.reason?.match(WRONG_ARCHITECTURE));
  const image = container?.image ?? 'An image of the job';
  const isArm = task.attributes?.some((each) => each.name === CPU_ATTRIBUTE && each.value === 'arm64');
  const [wanted, other] = isArm ? ['ARM64', 'X86_64'] : ['X86_64', 'ARM64'];
  const what = `${image} is not available for ${wanted}`;
  if (container?.name === HELPER_CONTAINER) {
    const line = `The helper's image ${what}. Contact this fleet's administrator. AWS reports: ${reason}`;
    return { fault: 'system', lines: [line] };
  }
  const advice = `${what}; choose one that is, or set FARGATE_ARCHITECTURE (or \`docker: platform\`) to ${other}.`;
  return { fault: 'job', lines: [`The job task could not start: ${reason}`, advice] };
}

function explainPull(task: Task, reason: string): StopExplanation | undefined {
  const isPull = PULL.test(reason);
  const failed = task.containers?.find((each) => each.reason?.match(PULL))?.name;
  if (isPull && failed === HELPER_CONTAINER) {
    return {
      fault: 'system',
      lines: [
        `The helper's image could not be pulled. Contact this fleet's administrator. AWS reports: ${reason}`,
      ],
    };
  }
  if (!isPull) return undefined;
  const whose = failed === undefined || failed === BUILD_CONTAINER ? 'The image' : "A service's image";
  const [fault, advice] = adviceOnPull(reason);
  return { fault, lines: [`${whose} could not be pulled: ${reason}`, ...advice] };
}

/** Whose fault a failed pull is, and what to do about it. */
function adviceOnPull(reason: string): [StopExplanation['fault'], string[]] {
  if (RATE_LIMIT.test(reason)) {
    return [
      'system',
      [
        'The registry limits how often images may be pulled. Use a mirror or a pull-through cache in Amazon ECR.',
      ],
    ];
  }
  if (NOT_ALLOWED.test(reason)) {
    return [
      'job',
      [
        'The registry denied access to this image. Check its name; a private image needs a login in DOCKER_AUTH_CONFIG.',
      ],
    ];
  }
  return NO_SUCH_IMAGE.test(reason)
    ? ['job', ['The image does not exist: check its name and tag.']]
    : ['system', []];
}

function explainCapacity(task: Task, reason: string): StopExplanation | undefined {
  if (isSpotInterruption(task)) {
    return {
      fault: 'system',
      lines: [
        'AWS reclaimed the Spot capacity of this job. Retry the job; FARGATE_CAPACITY: FARGATE avoids Spot if the fleet allows it.',
      ],
    };
  }
  if (/capacity is unavailable|insufficient capacity/i.test(reason)) {
    return { fault: 'capacity', lines: [`AWS currently has no capacity for the job task: ${reason}`] };
  }
  return undefined;
}

function explainContainer(task: Task): StopExplanation | undefined {
  const killed = task.containers?.find((each) => each.reason?.match(/OutOfMemory/i));
  if (killed) {
    // The helper's memory use is this project's responsibility; that of the job and its services is the job's.
    const fault = killed.name === HELPER_CONTAINER ? 'system' : 'job';
    const size = formatSize({ cpu: Number(task.cpu), memory: Number(task.memory) });
    return {
      fault,
      lines: [
        `The ${killed.name} container ran out of memory: the task has ${size}, shared by all of its containers. Increase FARGATE_MEMORY.`,
      ],
    };
  }
  if (task.stopCode === 'UserInitiated') {
    return {
      fault: 'system',
      lines: [`The job task was stopped from outside: ${task.stoppedReason ?? ''}`.trim()],
    };
  }
  const ended = [HELPER_CONTAINER, BUILD_CONTAINER].flatMap(
    (name) => task.containers?.find((each) => each.name === name && isUnexpected(each)) ?? [],
  );
  // An exit code of its own names the cause. ECS may kill the other container when it stops the task, on a busy host even the
  // helper. If both were killed, the helper comes first: after it dies, ECS soon stops the build container too.
  const cause = ended.find(({ exitCode }) => exitCode !== KILLED) ?? ended[0];
  return cause ? { fault: 'system', lines: [endOf(cause)] } : undefined;
}

function isUnexpected({ exitCode }: Container): boolean {
  return exitCode !== undefined && !ENDED_ON_REQUEST.includes(exitCode);
}

function endOf(container: Container): string {
  const known = container.name === HELPER_CONTAINER && HELPER_EXITS[container.exitCode ?? 0];
  if (known) return known;
  const why = container.reason ? ` (${container.reason})` : '';
  const name = container.name === HELPER_CONTAINER ? 'helper' : 'build';
  const hint = container.exitCode === KILLED ? ' It was killed, possibly because it ran out of memory.' : '';
  return `The ${name} container exited with code ${container.exitCode}${why}, which stopped the job task.${hint}`;
}
