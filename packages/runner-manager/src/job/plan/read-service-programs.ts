import { JobRefusedError, messageOf } from '../../errors.ts';
import type { ExecutorContext } from '../../executor-context.ts';
import { MAX_OVERRIDE_CHARACTERS } from '../../task/run-job-task.ts';
import type { ServiceShape } from '../../task/task-shape.ts';
import { formatSeconds, type JobLog } from '../job-log.ts';
import type { JobRequest } from '../request/job-request.ts';
import { overridableEnvironment } from '../request/overridable-environment.ts';
import type { JobTaskPlan } from './plan-job-task.ts';
import type { ServiceProgram } from './plan-service-programs.ts';

/** A job's services with the programs that they start. */
export interface StartableServices {
  services: readonly ServiceShape[];
  /** Environment in RunTask's override for services that ECS starts without the service agent, by container. */
  overrides: ReadonlyMap<string, { name: string; value: string }[]>;
}

/**
 * Finds out what each service of a plan starts, so that the service agent can start it with all of its variables. If that
 * cannot be known, ECS starts the image itself, with the variables that AWS may show. The log then says what is missing, why,
 * and what to do.
 * @throws {JobRefusedError} when an image has nothing to start, or the public variables alone are too large
 */
export async function withServicePrograms(
  context: ExecutorContext,
  request: JobRequest,
  plan: JobTaskPlan,
  log: JobLog,
): Promise<StartableServices> {
  const startedAt = Date.now();
  const found = await Promise.all(
    plan.shape.services.map(async (service) => ({
      service,
      answer: await programOf(context, plan, service),
    })),
  );
  const asked = [...plan.servicePrograms.values()].flatMap((each) =>
    each.kind === 'in-registry' ? each.source.registry : [],
  );
  if (asked.length > 0) {
    log.info(
      `Read the entry points of services from ${[...new Set(asked)].join(', ')} in ${formatSeconds(Date.now() - startedAt)}`,
    );
  }
  const overrides = new Map<string, { name: string; value: string }[]>();
  const services = found.map(({ service, answer }): ServiceShape => {
    if (answer.kind === 'known') {
      const { entryPoint: _, command: __, ...others } = service;
      return { ...others, program: answer.program };
    }
    overrides.set(service.container, overrideOf(request, plan, service, answer.reason, log));
    return service;
  });
  return { services, overrides };
}

type Answer = Exclude<ServiceProgram, { kind: 'in-registry' }>;

async function programOf(
  { imageConfigs }: ExecutorContext,
  { shape, servicePrograms }: JobTaskPlan,
  { container, image, command }: ServiceShape,
): Promise<Answer> {
  const planned = servicePrograms.get(container);
  if (planned === undefined) return { kind: 'unknown', reason: 'the plan does not contain it' };
  if (planned.kind !== 'in-registry') return planned;
  const { source, access } = planned;
  const login = access?.kind === 'login' ? access : undefined;
  let program: readonly string[];
  try {
    const config = await imageConfigs(source, shape.architecture, login);
    program = [...config.entryPoint, ...(command ?? config.command)];
  } catch (error) {
    // The job does not fail here: if the image is at fault, ECS fails to pull it too and reports a better reason.
    return { kind: 'unknown', reason: messageOf(error) };
  }
  if (program.length > 0) return { kind: 'known', program };
  throw new JobRefusedError([
    `The image of the service ${image} has neither an entry point nor a command: set the service's \`command:\`.`,
  ]);
}

function overrideOf(
  request: JobRequest,
  { serviceVariables }: JobTaskPlan,
  { container, image }: ServiceShape,
  reason: string,
  log: JobLog,
): { name: string; value: string }[] {
  const all = serviceVariables.get(container) ?? [];
  const open = overridableEnvironment(request, all, MAX_OVERRIDE_CHARACTERS);
  const advice =
    "To pass all of its variables, set its `entrypoint:` and `command:`, or have its registry added to the fleet's job.imageConfigRegistries.";
  const why = `The entry point and command of the service ${image} are unknown: ${reason}.`;
  if (open === 'too-large') {
    throw new JobRefusedError([
      `${why} Its variables therefore have to go through the RunTask override, where ECS allows ${MAX_OVERRIDE_CHARACTERS} characters for a whole task, and they are larger.`,
      advice,
    ]);
  }
  const withheld =
    open.withheld.length > 0
      ? `, and without ${open.withheld.join(', ')}, which contain a value that is not public`
      : '';
  log.info(
    `${why} Its variables therefore go through the RunTask override, which AWS shows: public ones only, without GitLab's predefined ones${withheld}. Its output is not kept. ${advice}`,
  );
  return open.variables;
}
