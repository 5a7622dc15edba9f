import { createHash, randomBytes } from 'node:crypto';
import type { Logger } from '@aws-lambda-powertools/logger';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { type FleetConfig, toTags } from '@serverless-gitlab-runner/fleet';
import { messageOf } from '../errors.ts';

/** A registry's login. */
export interface Login {
  username: string;
  password: string;
}

/** A job's use of a secret with its login, for as long as the job's images are pulled. */
export interface SecretLease {
  /** Name of the secret, as task definitions refer to it. */
  name: string;
  /**
   * Ends the use; the last user's release deletes the secret. A second call does nothing. Never rejects: the reaper deletes
   * secrets that are left over.
   */
  release(): Promise<void>;
}

/** Leases secrets to jobs. */
export interface SecretLeases {
  /** @throws Secrets Manager's error, after retries */
  lease(login: Login, jobId: number): Promise<SecretLease>;
}

export interface SecretLeaseSettings {
  client: SecretsManagerClient;
  /** Prefix of the secrets' names, for this fleet only, with a trailing slash. */
  path: string;
  fleet: string;
  logger: Logger;
  /**
   * Age in milliseconds up to which a secret may be leased again. The reaper deletes secrets that are older than
   * `job.maxLifetimeSeconds`, even if they are still in use, because they may belong to a dead manager.
   */
  maxLeaseAgeMs: number;
  /** Milliseconds since some point. Default `performance.now`. */
  now?: () => number;
}

/** Age up to which a secret may be leased, so that a job's start is over before the reaper deletes it. */
export function maxLeaseAgeMsOf({ job }: Pick<FleetConfig, 'job'>): number {
  return Math.max(0, job.maxLifetimeSeconds - job.startTimeoutSeconds) * 1000;
}

/** An existing secret, and how many jobs use it. */
interface SharedSecret {
  name: string;
  created: Promise<void>;
  createdAt: number;
  users: number;
}

/** Random bytes of a secret's name, so that no name is ever used twice. */
const NAME_BYTES = 12;

/**
 * Creates the leases of a manager. A secret holds one login for its whole life, and its name is never reused. So a task that
 * still pulls, or whose start was answered late, can only get the login of its own job. Concurrent jobs with the same login
 * share a secret, and with it a task definition, as long as the secret is young enough.
 */
export function createSecretLeases(settings: SecretLeaseSettings): SecretLeases {
  const { client, path, logger, maxLeaseAgeMs, now = () => performance.now() } = settings;
  const shared = new Map<string, SharedSecret>();

  const remove = async (name: string) => {
    try {
      // Without ForceDelete, a recovery window would keep the login for at least a week.
      await client.send(new DeleteSecretCommand({ SecretId: name, ForceDeleteWithoutRecovery: true }));
    } catch (error) {
      logger.warn('could not delete a secret', { name, error: messageOf(error) });
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
      const isYoung = known !== undefined && now() - known.createdAt < maxLeaseAgeMs;
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
    return { name, created: create(of, name, login, jobId), createdAt: now(), users: 0 };
  }
}

/** A digest distinguishes logins, so that no password is kept. */
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
      // The format that ECS reads: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html
      SecretString: JSON.stringify({ username: login.username, password: login.password }),
      Tags: tags.map(({ key, value }) => ({ Key: key, Value: value })),
    }),
  );
}
