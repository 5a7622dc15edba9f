import { AddTagsToResourceCommand, ListTagsForResourceCommand, type SSMClient } from '@aws-sdk/client-ssm';
import type { RunnerTokens } from '../gitlab/runner-token.ts';
import { OperationError } from '../operation-error.ts';
import { readSecret, storeSecret } from '../secrets.ts';

/** Tag of the parameter: the runner's id at GitLab, by which its token can be replaced if the stored one is lost. */
const RUNNER_ID_TAG = 'serverless-gitlab-runner:runner-id';

export interface RunnerTokenRotation {
  ssm: SSMClient;
  /** Name of the parameter. */
  parameter: string;
  gitlab: RunnerTokens;
  /** Replaces the token of a runner by its id; undefined without a token for GitLab's API. */
  resetById: ((id: number) => Promise<string>) | undefined;
}

/**
 * Replaces a runner's token at GitLab and stores the new one. GitLab shows it once, so before that, the runner's id is noted and
 * the parameter is written: what would fail afterwards fails before. If it dies in between nevertheless, the stored token is
 * refused, and the next run replaces it by the runner's id.
 * @returns the runner's id
 * @throws {OperationError}
 */
export async function rotateRunnerToken(rotation: RunnerTokenRotation): Promise<number> {
  const { ssm, parameter, gitlab } = rotation;
  const token = await readSecret(ssm, parameter);
  if (token === undefined)
    throw new OperationError(`${parameter} does not exist: sgr next-steps prints how to store a token.`);
  const id = await gitlab.idOf(token);
  if (id === undefined) return recover(rotation);
  await noteId(ssm, parameter, id);
  await storeSecret(ssm, parameter, token);
  const fresh = await gitlab.reset(token);
  if (fresh === undefined)
    throw new OperationError(`GitLab does not let the token of runner ${id} replace itself.`);
  await storeSecret(ssm, parameter, fresh);
  return id;
}

async function recover({ ssm, parameter, resetById }: RunnerTokenRotation): Promise<number> {
  const id = await notedId(ssm, parameter);
  if (id === undefined || resetById === undefined)
    throw new OperationError(
      `GitLab refuses the stored runner token. ${
        id === undefined
          ? 'Create a runner in GitLab (Settings → CI/CD → Runners) and store its token: sgr next-steps.'
          : `If a rotation was interrupted, run this again with GITLAB_TOKEN (scope api), which gets runner ${id} a new one.`
      }`,
    );
  await storeSecret(ssm, parameter, await resetById(id));
  return id;
}

async function noteId(ssm: SSMClient, ResourceId: string, id: number): Promise<void> {
  const Tags = [{ Key: RUNNER_ID_TAG, Value: `${id}` }];
  await ssm.send(new AddTagsToResourceCommand({ ResourceType: 'Parameter', ResourceId, Tags }));
}

async function notedId(ssm: SSMClient, ResourceId: string): Promise<number | undefined> {
  const query = { ResourceType: 'Parameter' as const, ResourceId };
  const { TagList = [] } = await ssm.send(new ListTagsForResourceCommand(query));
  const value = TagList.find(({ Key }) => Key === RUNNER_ID_TAG)?.Value;
  return value === undefined ? undefined : Number(value);
}
