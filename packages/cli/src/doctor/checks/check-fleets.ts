import type { Certificate } from '@serverless-gitlab-runner/fleet';
import { expiryOf } from '../../rotate/compare-certificates.ts';
import { describeCertificate } from '../../rotate/render-certificates.ts';
import { isServedByWebhook } from '../../served-by-webhook.ts';
import { broken, type Finding, warning } from '../finding.ts';

export interface FleetFacts {
  name: string;
  /** Why its document is invalid. */
  problem: string | undefined;
  gitlabUrl: string | undefined;
  usesApi: boolean;
  stored: { runnerToken: boolean; webhookSecret: boolean; apiToken: boolean };
  /** When its runner token was last written; milliseconds since 1970. */
  tokenWrittenAt: number | undefined;
  /** When the last manager started whose token GitLab refused; undefined: none within the last hour. */
  tokenRefusedAt: number | undefined;
  /** The stored certificates of GitLab's authorities, or why they are invalid; undefined: none are stored. */
  authorities: { certificates: readonly Certificate[] } | { problem: string } | undefined;
  /** Whether its managers have a task definition. */
  hasManagerDefinition: boolean;
}

const STORE = 'npx sgr next-steps prints the command that stores one';

/** Whether each fleet has a valid document, its secrets, and a runner that GitLab knows. */
export function checkFleets(fleets: readonly FleetFacts[], now: number): Finding[] {
  if (fleets.length === 0)
    return [
      broken('no-fleet', 'No fleet is configured', 'Add one to "fleets" in cdk.json, and run npm run deploy'),
    ];
  return fleets.flatMap((fleet) => [
    ...documentFindings(fleet),
    ...tokenFindings(fleet),
    ...authorityFindings(fleet, now),
    ...webhookFindings(fleet, fleets),
  ]);
}

function documentFindings({ name, problem, hasManagerDefinition }: FleetFacts): Finding[] {
  return [
    ...(problem === undefined
      ? []
      : [
          broken(
            'fleet-invalid',
            `The document of fleet ${name} is invalid: ${problem}`,
            'Correct the fleet in cdk.json, and run npm run deploy',
          ),
        ]),
    ...(hasManagerDefinition
      ? []
      : [
          broken(
            'manager-definition-missing',
            `The managers of fleet ${name} have no active task definition`,
            'Change a setting of the managers, such as logLevel, and run npm run deploy, which registers a new one',
          ),
        ]),
  ];
}

function tokenFindings({ name, stored, usesApi, tokenWrittenAt = 0, tokenRefusedAt }: FleetFacts): Finding[] {
  const findings: Finding[] = [];
  if (!stored.runnerToken)
    findings.push(
      broken('runner-token-missing', `Fleet ${name} has no runner token, so no manager can start`, STORE),
    );
  else if (tokenRefusedAt !== undefined && tokenWrittenAt <= tokenRefusedAt)
    findings.push(
      broken(
        'runner-token-refused',
        `GitLab refuses the runner token of fleet ${name}: its runner was deleted, or the token was reset`,
        'Create a runner in GitLab (Settings → CI/CD → Runners) and store its token: npx sgr next-steps. Then: npx sgr redrive',
      ),
    );
  if (usesApi && !stored.apiToken)
    findings.push(
      broken('api-token-missing', `Fleet ${name} uses GitLab's API (gitlabApi), but has no API token`, STORE),
    );
  return findings;
}

function authorityFindings({ name, authorities }: FleetFacts, now: number): Finding[] {
  if (authorities === undefined) return [];
  const fix = `sgr rotate ca FILE --fleet ${name}, with the certificates of the authorities that sign GitLab's`;
  if ('problem' in authorities) {
    const problem = `The stored certificate authorities of fleet ${name} are invalid, so no manager can start`;
    return [broken('ca-invalid', `${problem}: ${authorities.problem}`, fix)];
  }
  const { certificates } = authorities;
  const isUsable = certificates.some((one) => expiryOf(one, now) !== 'expired');
  return certificates.flatMap((one) => {
    const what = `Fleet ${name} trusts its GitLab by ${describeCertificate(one, now)}`;
    const expiry = expiryOf(one, now);
    if (expiry === 'expired') return (isUsable ? warning : broken)('ca-expired', what, fix);
    return expiry === 'soon' ? warning('ca-expires-soon', what, fix) : [];
  });
}

/** A fleet without a secret of its own gets jobs by the webhook of a fleet that reads GitLab's API. */
function webhookFindings({ name, stored, gitlabUrl }: FleetFacts, all: readonly FleetFacts[]): Finding[] {
  const others = all.map((one) => ({ ...one, webhookSecret: one.stored.webhookSecret }));
  const isServed = isServedByWebhook(gitlabUrl, others);
  return stored.webhookSecret || isServed
    ? []
    : [
        broken(
          'webhook-secret-missing',
          `Fleet ${name} has no webhook secret, so every webhook is refused`,
          STORE,
        ),
      ];
}
