import { type FleetConfigInput, parseFleetConfig } from '@serverless-gitlab-runner/fleet';
import { createGitLabReader } from '../../src/gitlab-reader.ts';
import type { ApiTokenReading } from '../../src/read-api-token.ts';
import { routeRequests } from '../../src/route-requests.ts';
import { API_TOKEN } from './gitlab.ts';
import { createLauncher } from './launcher.ts';

export type Over = Partial<FleetConfigInput>;

function fleetOf(name: string, gitlabUrl: string, over: Over = {}) {
  const network = { subnets: ['subnet-1'], managerSecurityGroups: ['sg-m'], jobSecurityGroups: ['sg-j'] };
  const document = { version: 1, name, gitlabUrl, network, manager: { max: 5 }, ...over };
  return parseFleetConfig(`/p/fleets/${name}/config`, JSON.stringify(document));
}

export const ARM = { tagList: ['arm'], runUntagged: false };

/**
 * A launcher whose fleets have an API token, with everything that it logged and published.
 * @param attemptMs timeout of a request to GitLab. Long by default: a busy machine is not a silent GitLab
 */
export function launcherOf(gitlabUrl: string, fleets: Record<string, Over>, attemptMs = 5000) {
  const launcher = createLauncher();
  const configs = Object.entries(fleets).map(([name, over]) => fleetOf(name, gitlabUrl, over));
  const lines: { message: string; fields: Record<string, unknown> }[] = [];
  const note = (message: string, fields: Record<string, unknown>) => void lines.push({ message, fields });
  const token: { reading: ApiTokenReading; forgotten: string[] } = {
    reading: { token: API_TOKEN, authorities: undefined },
    forgotten: [],
  };
  const tokens = {
    read: async () => token.reading,
    forget: (fleet: string) => void token.forgotten.push(fleet),
  };
  const routing = { listFleets: async () => configs };
  launcher.deps.log = note;
  launcher.deps.readFleet = async (name) => {
    const config = configs.find((one) => one.name === name);
    if (config) return { config };
    return { failure: { reason: 'invalid-fleet', message: 'no such fleet', permanent: true } };
  };
  launcher.deps.route = (requests) =>
    routeRequests(requests, {
      readFleet: launcher.deps.readFleet,
      listFleets: () => routing.listFleets(),
      gitlab: createGitLabReader(tokens, launcher.deps.timing, { attemptMs, batchMs: attemptMs * 10 }),
      parameterPrefix: '/p',
      log: note,
      warn: note,
    });
  const launched = () =>
    launcher.ecs.runs().map(({ overrides }) => overrides?.containerOverrides?.[0]?.environment?.[0]?.value);
  return { ...launcher, lines, token, routing, launched };
}
