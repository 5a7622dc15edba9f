import {
  DeleteSecretCommand,
  paginateListSecrets,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { jobSecretsPath, TAG } from '@serverless-gitlab-runner/fleet';
import type { JobSecretFacts } from './decide-secret.ts';
import { createHourlyCheck } from './hourly-check.ts';

/** The secrets that managers created for jobs. */
export interface JobSecrets {
  /** Whether a check is due: at most once an hour, since Secrets Manager charges for each call. */
  isDue(): boolean;
  list(): Promise<JobSecretFacts[]>;
  /** @returns false if it was already deleted */
  remove(arn: string): Promise<boolean>;
}

/** @param prefix first part of the names of SSM parameters, which is also the first part of the secrets' names */
export function createJobSecrets(
  client: SecretsManagerClient,
  prefix: string,
  now: () => number,
): JobSecrets {
  const path = jobSecretsPath(prefix);
  return {
    isDue: createHourlyCheck(now),
    async list() {
      const secrets: JobSecretFacts[] = [];
      const pages = paginateListSecrets(
        { client, pageSize: 100 },
        { Filters: [{ Key: 'name', Values: [path] }] },
      );
      for await (const { SecretList = [] } of pages) {
        for (const { ARN, Name = '', CreatedDate, Tags = [] } of SecretList) {
          const tag = (key: string) => Tags.find(({ Key }) => Key === key)?.Value;
          const fleet = tag(TAG.fleet);
          const isManaged = Name.startsWith(path) && tag(TAG.role) === 'job';
          if (ARN === undefined || CreatedDate === undefined || fleet === undefined || !isManaged) continue;
          secrets.push({ arn: ARN, fleet, jobId: jobIdOf(tag(TAG.jobId)), createdAt: CreatedDate.getTime() });
        }
      }
      return secrets;
    },
    async remove(arn) {
      try {
        // A recovery window would keep the credentials for at least a week.
        await client.send(new DeleteSecretCommand({ SecretId: arn, ForceDeleteWithoutRecovery: true }));
        return true;
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return false;
        throw error;
      }
    },
  };
}

function jobIdOf(tag: string | undefined): number | undefined {
  return tag !== undefined && /^\d{1,15}$/.test(tag) ? Number(tag) : undefined;
}
