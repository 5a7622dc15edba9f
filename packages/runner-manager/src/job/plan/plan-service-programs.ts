import type { FleetConfig } from '@serverless-gitlab-runner/fleet';
import { JobRefusedError } from '../../errors.ts';
import { type ImageSource, imageSource } from '../../registry/image-source.ts';
import type { ServiceShape } from '../../task/task-shape.ts';
import type { JobRequest } from '../request/job-request.ts';
import { mayAsk } from './plan-image-entry-point.ts';
import type { RegistryAccess } from './plan-registry-logins.ts';

/** What a service starts: the job says it, its image's registry does, or nobody. */
export type ServiceProgram =
  | { kind: 'known'; program: readonly string[] }
  | { kind: 'in-registry'; source: ImageSource; access: RegistryAccess | undefined }
  | { kind: 'unknown'; reason: string };

/**
 * Plans for each service, by container, what the service agent is to start, as Docker puts it together: an entry point
 * that the job gives clears the image's command, so that it alone tells all; a command alone leaves the image's entry
 * point. What the image has, only its registry tells, and a manager asks none that a job likes (`mayAsk`).
 * @param services as they are pulled
 * @throws {JobRefusedError} when there is nothing to run
 */
export function planServicePrograms(
  request: JobRequest,
  { job }: FleetConfig,
  services: readonly ServiceShape[],
  logins: ReadonlyMap<string, RegistryAccess>,
): ReadonlyMap<string, ServiceProgram> {
  return new Map(
    services.map((service): [string, ServiceProgram] => {
      const { container, image, entryPoint, command = [] } = service;
      if (entryPoint) {
        const program = [...(isNone(entryPoint) ? [] : entryPoint), ...command];
        if (program.length === 0) {
          throw new JobRefusedError([
            `The service ${image} has the entry point [""] and no command, so there is nothing to run: name its \`command:\`.`,
          ]);
        }
        return [container, { kind: 'known', program }];
      }
      const source = imageSource(image);
      if (mayAsk(source, request, job))
        return [container, { kind: 'in-registry', source, access: logins.get(image) }];
      const reason = `this fleet reads no image configurations from ${source.registry} (its job.imageConfigRegistries)`;
      return [container, { kind: 'unknown', reason }];
    }),
  );
}

/** `entrypoint: [""]` is GitLab's and Docker's way to say that there is none. */
function isNone(entryPoint: readonly string[]): boolean {
  return entryPoint.length === 1 && entryPoint[0] === '';
}
