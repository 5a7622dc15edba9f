import type { Architecture } from '@serverless-gitlab-runner/fleet';
import type { Construct } from 'constructs';
import { type FleetProps, parseFleet } from '../fleet-props.ts';
import { type ImageSource, type ResolvedImage, resolveImage } from './image-source.ts';
import { builtJobBaseImage } from './repository-images.ts';

/** The helper's image by the job task's architecture; the same for both if jobs use only one architecture. */
export type HelperImages = Readonly<Record<Architecture, ResolvedImage>>;

/** The installation's image settings, if any. */
export interface HelperImageSources {
  readonly jobBaseImage?: ImageSource | undefined;
  readonly jobBaseImageArm64?: ImageSource | undefined;
}

/**
 * If images are built, limits each fleet that does not declare its architectures to its jobs' default one: not every machine
 * can build for another processor, and a first deployment must not require it.
 */
export function limitToBuildable(
  fleets: readonly FleetProps[],
  { jobBaseImage, jobBaseImageArm64 }: HelperImageSources,
): readonly FleetProps[] {
  if (jobBaseImage !== undefined || jobBaseImageArm64 !== undefined) return fleets;
  return fleets.map((fleet) =>
    fleet.job?.architectures === undefined
      ? { ...fleet, job: { ...fleet.job, architectures: [fleet.job?.architecture ?? 'X86_64'] } }
      : fleet,
  );
}

/** The helper images that the fleets' jobs need: named, or else built. */
export function resolveHelperImages(
  scope: Construct,
  fleets: readonly FleetProps[],
  { jobBaseImage, jobBaseImageArm64 }: HelperImageSources,
): HelperImages {
  const x86 = jobBaseImage ?? builtJobBaseImage('X86_64');
  const arm = jobBaseImageArm64 ?? jobBaseImage ?? builtJobBaseImage('ARM64');
  const needed = architecturesOf(fleets);
  const [forX86, forArm] = [needed.has('X86_64') ? x86 : arm, needed.has('ARM64') ? arm : x86];
  const image = resolveImage(scope, 'JobBaseImage', forX86);
  return {
    X86_64: image,
    ARM64: forArm === forX86 ? image : resolveImage(scope, 'JobBaseImageArm64', forArm),
  };
}

/** The architectures that jobs may request, and their defaults. Both architectures if fleets are declared only elsewhere. */
function architecturesOf(fleets: readonly FleetProps[]): Set<Architecture> {
  if (fleets.length === 0) return new Set(['X86_64', 'ARM64']);
  const jobs = fleets.map((fleet) => parseFleet(fleet).job);
  return new Set(jobs.flatMap(({ architecture, architectures }) => [architecture, ...architectures]));
}
