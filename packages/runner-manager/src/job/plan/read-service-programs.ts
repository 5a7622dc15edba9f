import { JobRefusedError, messageOf } from '../../errors.ts';
import type { ExecutorContext } from '../../executor-context.ts';
import { MOST_OVERRIDE_CHARACTERS } from '../../task/run-job-task.ts';
import type { ServiceShape } from '../../task/task-shape.ts';
import { inSeconds, type JobLog } from '../job-log.ts';
import type { JobRequest } from '../request/job-request.ts';
import { overridableEnvironment } from '../request/overridable-environment.ts';
import type { JobTaskPlan } from './plan-job-task.ts';
import type { ServiceProgram } from './plan-service-programs.ts';

/** How a job's services are started. */
export interface StartableServices {
  services: readonly ServiceShape[];
  /** What stands in RunTask's override for those that ECS starts as they are, by container. */
  overrides: ReadonlyMap<string, { name: string; value: string }[]>;
}

/**
 * Finds out what each service of a plan starts, so that the service agent can start it with all of its variables. Where
 * that is not to be known, ECS starts the image as it is, with what AWS may show; the log says what is lost, why, and
 * the way out.
 * @throws {JobRefusedError} when an image has nothing to start, or public variables alone are too many
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
    log.say(
      `Asked ${[...new Set(asked)].join(', ')} what services start, in ${inSeconds(Date.now() - startedAt)}`,
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
  if (planned === undefined) return { kind: 'unknown', reason: 'it was not planned' };
  if (planned.kind !== 'in-registry') return planned;
  const { source, access } = planned;
  const login = access?.kind === 'login' ? access : undefined;
  let program: readonly string[];
  try {
    const config = await imageConfigs(source, shape.architecture, login);
    program = [...config.entryPoint, ...(command ?? config.command)];
  } catch (error) {
    // Whatever it is, ECS comes to it when it pulls the image, and says it better: the job does not fail here.
    return { kind: 'unknown', reason: messageOf(error) };
  }
  if (program.length > 0) return { kind: 'known', program };
  throw new JobRefusedError([
    `The image of service ${image} has neither an entry point nor a command: name its \`command:\`.`,
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
  const open = overridableEnvironment(request, all, MOST_OVERRIDE_CHARACTERS);
  const wayOut =
    "Name its `entrypoint:` and `command:`, or have its registry listed in the fleet's job.imageConfigRegistries: then it gets all of them.";
  const why = `It is not known what the service ${image} starts: ${reason}.`;
  if (open === 'too-large') {
    throw new JobRefusedError([
      `${why} So its variables would have to stand where AWS takes ${MOST_OVERRIDE_CHARACTERS} characters for a whole task, and they are more.`,
      wayOut,
    ]);
  }
  const withheld =
    open.withheld.length > 0
      ? `, and not ${open.withheld.join(', ')}, which hold a value that is not public`
      : '';
  log.say(
    `${why} So it gets its variables by AWS, which shows them: public ones without GitLab's predefined ones${withheld}. Its output is not kept. ${wayOut}`,
  );
  return open.variables;
}
