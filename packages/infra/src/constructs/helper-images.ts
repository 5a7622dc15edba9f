import type { Architecture } from '@serverless-gitlab-runner/fleet';
import type { Construct } from 'constructs';
import { type FleetProps, parseFleet } from '../fleet-props.ts';
import { type ImageSource, type ResolvedImage, resolveImage } from './image-source.ts';
import { builtJobBaseImage } from './repository-images.ts';

/** The helper's image by the architecture of the job task; where jobs have one architecture only, the same for both. */
export type HelperImages = Readonly<Record<Architecture, ResolvedImage>>;

/** Images as the installation names them, if it does. */
export interface HelperImageSources {
  readonly jobBaseImage?: ImageSource | undefined;
  readonly jobBaseImageArm64?: ImageSource | undefined;
}

/**
 * The fleets, each held to its jobs' own architecture where it does not say what jobs may ask for and the images are built: not
 * every machine that deploys can build for another processor, and nobody shall need to for a first deployment.
 */
export function holdToBuildable(
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

/** The helper's images that the fleets' jobs need: those that are named, the others built. */
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

/** What jobs may ask for, and what they get unasked; both where fleets are declared elsewhere only. */
function architecturesOf(fleets: readonly FleetProps[]): Set<Architecture> {
  if (fleets.length === 0) return new Set(['X86_64', 'ARM64']);
  const jobs = fleets.map((fleet) => parseFleet(fleet).job);
  return new Set(jobs.flatMap(({ architecture, architectures }) => [architecture, ...architectures]));
}
