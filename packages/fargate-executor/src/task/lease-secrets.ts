import {
  CreateSecretCommand,
  DeleteSecretCommand,
  InvalidRequestException,
  ResourceExistsException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { toTags } from '@serverless-gitlab-runner/fleet';
import { messageOf, SystemFailureError } from '../errors.ts';
import type { Logger } from '../logger.ts';

/** A registry's login. */
export interface Login {
  username: string;
  password: string;
}

/** A secret that holds one job's login, for as long as the job's images are pulled. */
export interface SecretLease {
  /** Name of the secret, as a task definition may name it. */
  name: string;
  /** Removes the secret; a second call does nothing. It never fails: what is left over, the reaper removes. */
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
}

/** More jobs than that do not start at one time in one fleet. */
const MOST_PLACES = 2000;

/**
 * Makes leases. The secrets' names are numbered places, `<path>0`, `<path>1`: a task definition, which is shared by all
 * jobs of its shape, names a place, and so is registered once for a place and not once for a job. That a place is one
 * job's alone, CreateSecret itself sees to: it makes no second secret of one name, whichever manager asks.
 */
export function createSecretLeases(settings: SecretLeaseSettings): SecretLeases {
  const { client, path, logger } = settings;
  const mine = new Set<number>();

  const remove = async (name: string) => {
    try {
      // Not ForceDelete's opposite: a recovery window would keep the login, and its name, for a week at least.
      await client.send(new DeleteSecretCommand({ SecretId: name, ForceDeleteWithoutRecovery: true }));
    } catch (error) {
      logger.warn('a secret could not be removed', { name, error: messageOf(error) });
    }
  };

  return {
    async lease(login, jobId) {
      for (let place = 0; place < MOST_PLACES; place += 1) {
        if (mine.has(place)) continue;
        mine.add(place);
        const name = `${path}${place}`;
        const isOurs = await create(settings, name, login, jobId).catch((error: unknown) => {
          mine.delete(place);
          throw error;
        });
        if (isOurs) return leaseOf(name, remove, () => mine.delete(place));
        mine.delete(place);
      }
      throw new SystemFailureError(
        `all ${MOST_PLACES} secrets under ${path} are taken: remove those that are old`,
      );
    },
  };
}

function leaseOf(name: string, remove: (name: string) => Promise<void>, onGone: () => void): SecretLease {
  let gone: Promise<void> | undefined;
  return {
    name,
    release() {
      gone ??= remove(name).finally(onGone);
      return gone;
    },
  };
}

/** Whether the secret was made: a place may be another manager's, or its last secret still on its way out. */
async function create(
  { client, fleet }: SecretLeaseSettings,
  name: string,
  login: Login,
  jobId: number,
): Promise<boolean> {
  const tags = toTags({ role: 'job', fleet, jobId: String(jobId) });
  try {
    await client.send(
      new CreateSecretCommand({
        Name: name,
        Description: 'Login with which ECS pulls the images of one GitLab job; removed when they are there',
        // The form that ECS reads: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html
        SecretString: JSON.stringify({ username: login.username, password: login.password }),
        Tags: tags.map(({ key, value }) => ({ Key: key, Value: value })),
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ResourceExistsException || error instanceof InvalidRequestException) return false;
    throw error;
  }
}
