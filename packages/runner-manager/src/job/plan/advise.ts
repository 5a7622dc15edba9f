import type { JobOverrides } from '../request/job-overrides.ts';
import { INSTEAD, isDockerClient } from '../request/refuse-unsupported.ts';
import { type ImageReference, isOneOf, parseImageReference } from './image-reference.ts';

/** What the advice depends on. */
export interface AdviceInput {
  overrides: JobOverrides;
  image: string;
  /** Images of the services. */
  services: readonly string[];
  /** The job's timeout in seconds, as GitLab sends it. */
  timeoutSeconds: number | undefined;
  /** Seconds after which the fleet stops a job's task. */
  maxLifetimeSeconds: number;
}

/** Lines for the job log about what may fail on Fargate although the job is not refused, each with what to do. */
export function advise(job: AdviceInput): string[] {
  const images = [job.image, ...job.services].map(parseImageReference);
  const notes = [
    adviceOnTimeout(job),
    isDockerClient(job.image) && !job.overrides.dockerHost
      ? `Fargate has no Docker daemon for ${job.image}, unless DOCKER_HOST names one elsewhere. ${INSTEAD.builds}`
      : undefined,
    job.overrides.usesTestcontainers && !job.overrides.dockerHost ? TESTCONTAINERS : undefined,
    images.some(usesGpu) ? GPU : undefined,
    images.some(usesKvm) ? KVM : undefined,
    images.some(isBrowser) ? SHARED_MEMORY : undefined,
  ];
  return notes.filter((note) => note !== undefined);
}

/** GitLab fails a job at its timeout. A task that is stopped earlier looks like a failure of the runner. */
function adviceOnTimeout({ timeoutSeconds, maxLifetimeSeconds }: AdviceInput): string | undefined {
  if (timeoutSeconds === undefined || timeoutSeconds <= maxLifetimeSeconds) return undefined;
  return `The job's timeout is ${inMinutes(timeoutSeconds)}, but this fleet stops a job task ${inMinutes(maxLifetimeSeconds)} after its start (job.maxLifetimeSeconds). Split the job, or ask this fleet's administrator for a higher limit.`;
}

function inMinutes(seconds: number): string {
  return `${Math.floor(seconds / 60)} min`;
}

const TESTCONTAINERS =
  'Testcontainers needs a Docker daemon, which Fargate does not have. Start what the tests need as `services:`, or set DOCKER_HOST to a daemon elsewhere (for example Testcontainers Cloud).';
const GPU =
  'Fargate has no GPUs, so CUDA finds no device. Run on the CPU, or give the job the tags of a runner with GPUs.';
const KVM =
  'Fargate has no /dev/kvm, so emulators and virtual machines run without acceleration or not at all. Give the job the tags of a runner with KVM, or use a device farm.';
/** @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LinuxParameters.html */
const SHARED_MEMORY =
  'Fargate cannot enlarge /dev/shm, which is 64 MB by default. If browser tabs crash, start Chromium with --disable-dev-shm-usage.';

function usesGpu({ path, name, tag }: ImageReference): boolean {
  return path.includes('nvidia') || name === 'cuda' || /(^|[._-])(gpu|cuda[0-9.]*)([._-]|$)/.test(tag);
}

function usesKvm(image: ImageReference): boolean {
  const emulators = ['budtmo/docker-android', 'qemux/qemu', 'dockurr/windows', 'dockurr/macos'];
  return isOneOf(image, emulators) || image.name.includes('android-emulator');
}

/** Images in which tests drive a browser of the Chromium family. */
function isBrowser(image: ImageReference): boolean {
  const { path, name } = image;
  const vendors = ['cypress', 'selenium', 'playwright', 'puppeteer', 'browserless', 'zenika'];
  return (
    path.some((part) => vendors.includes(part)) || ['chromium', 'chrome', 'alpine-chrome'].includes(name)
  );
}
