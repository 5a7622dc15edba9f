import { type FleetConfig, type ImageSource, imageSource } from '@serverless-gitlab-runner/fleet';
import { JobRefusedError } from '../../errors.ts';
import type { ServiceShape } from '../../task/task-shape.ts';
import type { JobRequest } from '../request/job-request.ts';
import { mayContact } from './plan-image-entry-point.ts';
import type { RegistryAccess } from './plan-registry-logins.ts';

/** What a service starts: given by the job, to be read from the image's registry, or unknown. */
export type ServiceProgram =
  | { kind: 'known'; program: readonly string[] }
  | { kind: 'in-registry'; source: ImageSource; access: RegistryAccess | undefined }
  | { kind: 'unknown'; reason: string };

/**
 * Plans what the service agent starts for each service, by container, with Docker's rules: an entry point from the job clears
 * the image's command, so that the image need not be known; a command alone keeps the image's entry point. What the image
 * contains only its registry knows, and a job must not choose which registries a manager contacts (`mayContact`).
 * @param services with the images that are pulled
 * @throws {JobRefusedError} when a service has nothing to run
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
            `The service ${image} has the entry point [""] and no command, so it has nothing to run: set its \`command:\`.`,
          ]);
        }
        return [container, { kind: 'known', program }];
      }
      const source = imageSource(image);
      if (mayContact(source, request, job))
        return [container, { kind: 'in-registry', source, access: logins.get(image) }];
      const reason = `this fleet does not read image configurations from ${source.registry} (job.imageConfigRegistries)`;
      return [container, { kind: 'unknown', reason }];
    }),
  );
}

/** `entrypoint: [""]` means no entry point, in GitLab and Docker. */
function isNone(entryPoint: readonly string[]): boolean {
  return entryPoint.length === 1 && entryPoint[0] === '';
}
