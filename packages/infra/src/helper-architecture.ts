import { type Architecture, InvalidFleetConfigError } from '@serverless-gitlab-runner/fleet';
import type { FleetProps } from './fleet-props.ts';

/**
 * The one architecture that a helper image built here must have: Docker builds for one at a time.
 * @throws {InvalidFleetConfigError} when the fleets' jobs need more than one
 */
export function helperArchitecture(fleets: readonly FleetProps[]): Architecture {
  const needed = new Set(fleets.flatMap(({ job = {} }) => job.architectures ?? [defaultOf(job)]));
  const [architecture = 'X86_64', ...others] = needed;
  if (others.length === 0) return architecture;
  throw new InvalidFleetConfigError(
    `jobs may ask for ${[...needed].join(' and ')}, but the helper image is built for one architecture: ` +
      'name an image for both (jobBaseImage), or let all fleets have the same job.architecture',
  );
}

/** The fleet with its jobs held to that architecture, unless it says itself what they may ask for. */
export function heldTo(architecture: Architecture, fleet: FleetProps): FleetProps {
  const { architectures = [architecture], ...job } = fleet.job ?? {};
  return { ...fleet, job: { ...job, architectures } };
}

function defaultOf(job: NonNullable<FleetProps['job']>): Architecture {
  return job.architecture ?? 'X86_64';
}
