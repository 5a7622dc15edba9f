import {
  GetParameterCommand,
  ParameterAlreadyExists,
  ParameterNotFound,
  PutParameterCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { createTimedCache, failureName, type Timing } from '@serverless-gitlab-runner/aws/calls';
import { parameterNames, webhookRunnerTokenName } from '@serverless-gitlab-runner/fleet';

/** GitLab's tokens consist of these characters: `glrt-` and 20 or more. Longer tokens carry routing data. */
const RUNNER_TOKEN = /^[A-Za-z0-9_.-]{8,255}$/;

/** Whether the query's `runner_token` has the form of a runner token. */
export function isRunnerToken(value: string): boolean {
  return RUNNER_TOKEN.test(value);
}

/**
 * Milliseconds after which a token that webhooks still send is written again. The time of its last write is idle-reaper's only
 * evidence that it is in use: idle-reaper deletes it 30 days after that, and a message that names it may wait in the queue for
 * 14 days.
 */
const RENEW_AFTER_MS = 7 * 24 * 3_600_000;

/** Stores runner tokens from webhooks where managers can read them. */
export interface RunnerTokenStore {
  /** @returns the name of the SecureString that holds the token */
  store(fleet: string, runnerToken: string): Promise<string>;
}

/** Reports that the date of a token in use could not be renewed. The token still exists, so the webhook is processed. */
export type ReportNotRenewed = (parameterName: string, failure: string) => void;

/** A token and the parameter that holds it. */
interface NamedToken {
  name: string;
  fleet: string;
  value: string;
}

export function createRunnerTokenStore(
  ssm: SSMClient,
  prefix: string,
  timing: Timing,
  report: ReportNotRenewed,
): RunnerTokenStore {
  // A parameter that was deleted by hand is written again after at most ten minutes.
  const known = createTimedCache<true>({ now: timing.now, maxAgeMs: 600_000, maxEntries: 1000 });
  return {
    async store(fleet, runnerToken) {
      const name = webhookRunnerTokenName(parameterNames(prefix, fleet), runnerToken);
      if (known.get(name)) return name;
      const token = { name, fleet, value: runnerToken };
      if (!(await create(ssm, token)))
        await renew(ssm, token, timing.now()).catch((error: unknown) => report(name, failureName(error)));
      known.set(name, true);
      return name;
    },
  };
}

/** @returns false if the parameter exists: its name is the value's digest, so it already holds this token */
async function create(ssm: SSMClient, token: NamedToken): Promise<boolean> {
  try {
    await write(ssm, token, false);
    return true;
  } catch (error) {
    if (error instanceof ParameterAlreadyExists) return false;
    throw error;
  }
}

/** Writes a token again that was written long ago, or was deleted in between. */
async function renew(ssm: SSMClient, token: NamedToken, now: number): Promise<void> {
  const writtenAt = await lastWrittenAt(ssm, token.name);
  if (writtenAt === undefined || now - writtenAt > RENEW_AFTER_MS) await write(ssm, token, true);
}

/** @returns milliseconds since 1970; undefined if the parameter was deleted */
async function lastWrittenAt(ssm: SSMClient, name: string): Promise<number | undefined> {
  try {
    // Not decrypted: only the date is needed, and this role may not decrypt it.
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name, WithDecryption: false }));
    return Parameter?.LastModifiedDate?.getTime();
  } catch (error) {
    if (error instanceof ParameterNotFound) return undefined;
    throw error;
  }
}

async function write(ssm: SSMClient, { name, fleet, value }: NamedToken, isRenewal: boolean): Promise<void> {
  await ssm.send(
    new PutParameterCommand({
      Name: name,
      Value: value,
      Type: 'SecureString',
      Overwrite: isRenewal,
      Description: `Runner token from a webhook of fleet ${fleet}`,
    }),
  );
}
