import {
  DeleteSecretCommand,
  paginateListSecrets,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { jobSecretsPath } from '@serverless-gitlab-runner/fleet';
import { type ResourceKind, unlessGone } from './resource-kind.ts';

/** Logins with which ECS pulled private images of jobs. */
export function registryLogins(secrets: SecretsManagerClient, prefix: string): ResourceKind {
  const path = jobSecretsPath(prefix);
  return {
    what: "jobs' registry logins in Secrets Manager",
    async list() {
      const names: string[] = [];
      const query = { Filters: [{ Key: 'name' as const, Values: [path] }] };
      for await (const { SecretList = [] } of paginateListSecrets({ client: secrets }, query))
        names.push(...SecretList.map(({ Name = '' }) => Name));
      return names.filter((name) => name.startsWith(path)).sort();
    },
    async remove(names) {
      for (const SecretId of names)
        await unlessGone(/^ResourceNotFoundException$/, () =>
          secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true })),
        );
      return [];
    },
  };
}
