import type { GitLabPlaces } from './gitlab-records.ts';
import type { StoredLog } from './log-groups.ts';
import type { DestroyFacts } from './read-facts.ts';
import type { Remaining } from './render-removal.ts';

export interface RemainingOptions {
  keepCache: boolean;
  /** Log groups that are kept. */
  keptLogs: readonly StoredLog[];
  hasGitLabToken: boolean;
  gitlabs: readonly GitLabPlaces[];
}

/** What a removal leaves, with reasons. */
export function whatRemains(
  { hasToolkit, buckets, webhookUrl, fleets }: DestroyFacts,
  { keepCache, keptLogs, hasGitLabToken, gitlabs }: RemainingOptions,
): Remaining[] {
  const remaining: Remaining[] = [];
  if (hasToolkit)
    remaining.push({
      what: 'CDKToolkit',
      why: "CDK's own stack, which other CDK apps of this account and region may use. Its bucket and repository may hold bundles and images of earlier deployments: `npx cdk gc --unstable=gc` removes those that no stack uses",
    });
  if (keepCache)
    for (const bucket of buckets)
      remaining.push({ what: `s3://${bucket}`, why: 'the caches expire by themselves (--keep-cache)' });
  if (keptLogs.length > 0) remaining.push(logsOf(keptLogs));
  if (webhookUrl !== undefined)
    for (const { gitlabUrl, places } of gitlabs)
      remaining.push(webhooksAt(gitlabUrl, places, webhookUrl, hasGitLabToken));
  const webhookTokens = fleets.filter(({ otherParameters }) =>
    [...otherParameters.keys()].some((name) => name.includes('/runner-tokens/')),
  );
  for (const { name } of webhookTokens)
    remaining.push({
      what: `Runners of the tokens that webhooks sent to fleet ${name}`,
      why: 'they belong to the projects that sent them',
    });
  for (const fleet of fleets)
    if ('problem' in fleet)
      remaining.push({
        what: `The runner of fleet ${fleet.name} at its GitLab`,
        why: 'its document is invalid, so its GitLab is not known: delete it in Settings → CI/CD → Runners',
      });
  return remaining;
}

/** AWS's list price of stored logs, in us-east-1. */
const USD_PER_GIB_MONTH = 0.03;

function logsOf(kept: readonly StoredLog[]): Remaining {
  const gib = kept.reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 30;
  const cost = gib * USD_PER_GIB_MONTH;
  const price = cost < 0.01 ? 'less than $0.01' : `about $${cost.toFixed(2)}`;
  return {
    what: `Log groups (${kept.length}): ${kept.map(({ name }) => name).join(', ')}`,
    why: `they hold ${gib.toFixed(2)} GiB, for ${price} a month, and expire by themselves (--keep-logs). Before another installation here, or to delete them: sgr destroy without --keep-logs`,
  };
}

function webhooksAt(
  gitlabUrl: string,
  places: GitLabPlaces['places'],
  webhookUrl: string,
  hasGitLabToken: boolean,
): Remaining {
  const what = `Webhooks with the URL ${webhookUrl}`;
  const where = places.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  if (hasGitLabToken)
    return {
      what: `${what} elsewhere, if there are any`,
      why: `at ${gitlabUrl}, only these places are searched: ${where || 'none, since no project is known'}; name others with --project and --group`,
    };
  return {
    what,
    why: `delete them at ${gitlabUrl} in Settings → Webhooks, or set GITLAB_TOKEN (scope api). Known places: ${where || 'none'}`,
  };
}
