import { createHash, randomBytes } from 'node:crypto';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { type FleetConfig, toTags } from '@serverless-gitlab-runner/fleet';
import { messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';

/** A registry's login. */
export interface Login {
  username: string;
  password: string;
}

/** A job's share of a secret that holds its login, for as long as the job's images are pulled. */
export interface SecretLease {
  /** Name of the secret, as a task definition may name it. */
  name: string;
  /**
   * Gives the share back; the last one removes the secret. A second call does nothing. It never fails: what is left over,
   * the reaper removes.
   */
  release(): Promise<void>;
}

/** Lends secrets to jobs. */
export interface SecretLeases {
  /** @throws what Secrets Manager answers, after retries */
  lease(login: Login, jobId: number): Promise<SecretLease>;
}

export interface SecretLeaseSettings {
  client: SecretsManagerClient;
  /** First part of the secrets' names, for this fleet only, with the slash at its end. */
  path: string;
  fleet: string;
  logger: Logger;
  /**
   * Milliseconds after its making for which a secret may be lent anew. The reaper takes one that is older than
   * `job.maxLifetimeSeconds` for a dead manager's, whoever needs it still.
   */
  lentForMs: number;
  /** Milliseconds since some point. Default `performance.now`. */
  now?: () => number;
}

/** How long after its making a secret may be lent, so that a job's start is over before the reaper removes it. */
export function lentForMsOf({ job }: Pick<FleetConfig, 'job'>): number {
  return Math.max(0, job.maxLifetimeSeconds - job.startTimeoutSeconds) * 1000;
}

/** A secret that is there, and how many jobs need it. */
interface SharedSecret {
  name: string;
  created: Promise<void>;
  madeAt: number;
  users: number;
}

/** Random bytes of a secret's name: no two secrets ever have the same. */
const NAME_BYTES = 12;

/**
 * Makes leases. A secret holds one login from its making to its end, and its name is never used again: a task that still
 * pulls, or one whose start was answered late, can only ever be handed the login that its own job brought. Jobs that bring
 * the same login at one time share a secret, and with it a task definition, as long as the secret is young.
 */
export function createSecretLeases(settings: SecretLeaseSettings): SecretLeases {
  const { client, path, logger, lentForMs, now = () => performance.now() } = settings;
  const shared = new Map<string, SharedSecret>();

  const remove = async (name: string) => {
    try {
      // Not ForceDelete's opposite: a recovery window would keep the login for a week at least.
      await client.send(new DeleteSecretCommand({ SecretId: name, ForceDeleteWithoutRecovery: true }));
    } catch (error) {
      logger.warn('a secret could not be removed', { name, error: messageOf(error) });
    }
  };

  const release = async (key: string, secret: SharedSecret) => {
    secret.users -= 1;
    if (secret.users > 0) return;
    if (shared.get(key) === secret) shared.delete(key);
    await remove(secret.name);
  };

  return {
    async lease(login, jobId) {
      const key = digestOf(login);
      const known = shared.get(key);
      const isYoung = known !== undefined && now() - known.madeAt < lentForMs;
      const secret = isYoung ? known : newSecret(settings, login, jobId);
      shared.set(key, secret);
      secret.users += 1;
      try {
        await secret.created;
      } catch (error) {
        if (shared.get(key) === secret) shared.delete(key);
        throw error;
      }
      let released: Promise<void> | undefined;
      return {
        name: secret.name,
        release() {
          released ??= release(key, secret);
          return released;
        },
      };
    },
  };

  function newSecret(of: SecretLeaseSettings, login: Login, jobId: number): SharedSecret {
    const name = `${path}${randomBytes(NAME_BYTES).toString('hex')}`;
    return { name, created: create(of, name, login, jobId), madeAt: now(), users: 0 };
  }
}

/** Passwords are not kept: a digest of them tells logins apart. */
function digestOf({ username, password }: Login): string {
  return createHash('sha256')
    .update(JSON.stringify([username, password]))
    .digest('hex');
}

async function create(
  { client, fleet }: SecretLeaseSettings,
  name: string,
  login: Login,
  jobId: number,
): Promise<void> {
  const tags = toTags({ role: 'job', fleet, jobId: String(jobId) });
  await client.send(
    new CreateSecretCommand({
      Name: name,
      Description: 'Login with which ECS pulls the images of GitLab jobs; removed when they are pulled',
      // The form that ECS reads: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html
      SecretString: JSON.stringify({ username: login.username, password: login.password }),
      Tags: tags.map(({ key, value }) => ({ Key: key, Value: value })),
    }),
  );
}
