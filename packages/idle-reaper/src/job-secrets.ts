import {
  DeleteSecretCommand,
  paginateListSecrets,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { jobSecretsPath, TAG } from '@serverless-gitlab-runner/fleet';
import type { JobSecretFacts } from './decide-secret.ts';
import { onceAnHour } from './once-an-hour.ts';

/** The secrets that managers made for jobs. */
export interface JobSecrets {
  /** Whether it is time to look: no more than once an hour, since Secrets Manager takes money for each call. */
  isDue(): boolean;
  list(): Promise<JobSecretFacts[]>;
  /** @returns false when it was gone already */
  remove(arn: string): Promise<boolean>;
}

/** @param prefix first part of the SSM parameters' names, which the secrets' names begin with too */
export function jobSecretsOf(client: SecretsManagerClient, prefix: string, now: () => number): JobSecrets {
  const path = jobSecretsPath(prefix);
  return {
    isDue: onceAnHour(now),
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
          const isOurs = Name.startsWith(path) && tag(TAG.role) === 'job';
          if (ARN === undefined || CreatedDate === undefined || fleet === undefined || !isOurs) continue;
          secrets.push({ arn: ARN, fleet, jobId: jobIdOf(tag(TAG.jobId)), createdAt: CreatedDate.getTime() });
        }
      }
      return secrets;
    },
    async remove(arn) {
      try {
        // A recovery window would keep the login for a week at least.
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
