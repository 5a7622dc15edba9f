import type { Certificate } from '@serverless-gitlab-runner/fleet';
import type { RunnerSettings } from '../gitlab/gitlab-admin.ts';
import type { FleetSettings } from '../settings/deployed-settings.ts';

/** What the installation is to serve, and how. Undefined settings stay as they are, or get their defaults. */
export interface InitRequest {
  fleet: string;
  /** GitLab's base URL. */
  gitlabUrl: string;
  /** Paths of projects, or of one group. */
  target: { kind: 'project'; paths: readonly string[] } | { kind: 'group'; path: string };
  tagList?: readonly string[] | undefined;
  runUntagged?: boolean | undefined;
  isProtected?: boolean | undefined;
  /** vCPUs and GiB of jobs that request none. */
  cpu?: number | undefined;
  memory?: number | undefined;
  architecture?: 'X86_64' | 'ARM64' | undefined;
  /** Whether jobs run on Spot if there is capacity. */
  spot?: boolean | undefined;
  /** Of the authorities that GitLab's own certificate may be signed by. Undefined: those that are stored stay. */
  authorities?: readonly Certificate[] | undefined;
  /** Settings of the installation (CDK context), which override those of the last deployment. */
  settings: Readonly<Record<string, unknown>>;
}

const MIB_PER_GIB = 1024;
const UNITS_PER_VCPU = 1024;
/** As in `packages/fleet`. */
const DEFAULT_SIZE = { cpu: 1024, memory: 2048 };
const SPOT = ['FARGATE_SPOT', 'FARGATE'];
const ON_DEMAND = ['FARGATE'];

/** A fleet's settings with those of the request; what the request does not name stays. */
export function fleetWith(request: InitRequest, before: FleetSettings | undefined): FleetSettings {
  const { fleet: name, gitlabUrl, architecture, spot } = request;
  const runner = definedOf({
    tagList: request.tagList,
    runUntagged: request.runUntagged,
    accessLevel:
      request.isProtected === undefined ? undefined : request.isProtected ? 'ref_protected' : 'not_protected',
  });
  const size = definedOf({
    cpu: request.cpu === undefined ? undefined : request.cpu * UNITS_PER_VCPU,
    memory: request.memory === undefined ? undefined : request.memory * MIB_PER_GIB,
  });
  const job = definedOf({
    architecture,
    ...(architecture === undefined ? {} : { architectures: [architecture] }),
    size: isEmpty(size)
      ? undefined
      : { ...DEFAULT_SIZE, ...innerOf(innerOf(before, 'job'), 'size'), ...size },
    capacity: spot === undefined ? undefined : spot ? SPOT : ON_DEMAND,
  });
  return {
    ...before,
    name,
    gitlabUrl,
    ...(isEmpty(runner) ? {} : { runner: { ...innerOf(before, 'runner'), ...runner } }),
    ...(isEmpty(job) ? {} : { job: { ...innerOf(before, 'job'), ...job } }),
  };
}

/** Which jobs the fleet's runner takes. Without tags, it takes those without tags. */
export function runnerSettingsOf(fleet: FleetSettings): RunnerSettings {
  const { tagList, runUntagged, accessLevel } = innerOf(fleet, 'runner');
  const tags = Array.isArray(tagList) ? tagList.map(String) : [];
  return {
    tagList: tags,
    runUntagged: typeof runUntagged === 'boolean' ? runUntagged : true,
    isProtected: accessLevel === 'ref_protected',
  };
}

/** An object in settings; empty if there is none. */
export function innerOf(value: unknown, key: string): Readonly<Record<string, unknown>> {
  const inner = isRecord(value) ? value[key] : undefined;
  return isRecord(inner) ? inner : {};
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function definedOf(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

function isEmpty(record: object): boolean {
  return Object.keys(record).length === 0;
}
