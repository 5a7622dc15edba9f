import * as z from 'zod';

/** What a capacity provider answers with; null: it has room again. */
export type CapacitySwitch = Record<string, Refusal | null>;

/** `times`: for so many tasks only. `error`: RunTask fails, instead of an answer with `failures[]`. */
export interface Refusal {
  reason: string;
  times?: number;
  error?: boolean;
}

export const NO_CAPACITY: Refusal = { reason: 'Capacity is unavailable at this time' };
export const QUOTA_REACHED: Refusal = {
  reason: "You've reached the limit on the number of vCPUs you can run concurrently",
};

/** The account's buckets of requests, as testing/aws-emulator/image/fargate/rates.py names them. */
export type RateBucket =
  | 'reads'
  | 'tasks'
  | 'runTaskCalls'
  | 'onDemandTasks'
  | 'spotTasks'
  | 'taskDefinitions'
  | 'tags';

const bucketSchema = z.object({
  burst: z.number(),
  perSecond: z.number(),
  level: z.number(),
  lowest: z.number(),
  taken: z.number(),
  refused: z.number(),
});

/** What a bucket holds, held at the least, and how many calls it let pass and refused. */
export type BucketState = z.infer<typeof bucketSchema>;

/** Whether the account never used ECS, for how long a new service-linked role is of no use, and who may create it. */
export type AccountSwitch = { new: true; lagSeconds?: number; mayCreateRole?: boolean } | { new: false };

const accountSchema = z.object({
  serviceLinkedRole: z.object({ exists: z.boolean(), usable: z.boolean() }),
});

/** The emulator's switches for what Fargate does on bad days (testing/aws-emulator/README.md). */
export class EmulatorSwitches {
  readonly #endpoint: string;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  async setCapacity(capacity: CapacitySwitch): Promise<void> {
    await this.#send('PUT', 'capacity', capacity);
  }

  /** A Spot interruption: after so many seconds (on AWS 120) nothing of the task runs. */
  async interrupt(task: string, seconds: number): Promise<void> {
    await this.#send('POST', 'interrupt', { task, seconds });
  }

  /** For so many seconds a new task is not yet seen. */
  async setLag(lagSeconds: number): Promise<void> {
    await this.#send('PUT', 'faults', { lagSeconds });
  }

  /** MiB of each volume of tasks that start from now on; null: no limit. */
  async setDisk(diskMib: number | null): Promise<void> {
    await this.#send('PUT', 'faults', { diskMib });
  }

  /** Whether StopTask leaves a task's tags. Default false. */
  async setStopKeepsTags(stopKeepsTags: boolean): Promise<void> {
    await this.#send('PUT', 'faults', { stopKeepsTags });
  }

  /** ARNs of execution roles in whose name an organisation's policy denies ECS to open log streams. Default none. */
  async setLogsDenied(roles: readonly string[]): Promise<void> {
    await this.#send('PUT', 'faults', { denied: { 'logs:CreateLogStream': roles } });
  }

  /** Empties buckets: for so many seconds they let nothing pass. */
  async emptyBuckets(seconds: Partial<Record<RateBucket, number>>): Promise<void> {
    await this.#send('PUT', 'rates', seconds);
  }

  /** Fills all buckets and counts from zero. */
  async resetRates(): Promise<void> {
    await this.#send('DELETE', 'rates', {});
  }

  async rates(): Promise<Record<string, BucketState>> {
    const answer = await fetch(`${this.#endpoint}/_fargate/rates`);
    return z.record(z.string(), bucketSchema).parse(await answer.json());
  }

  /** An account that never used ECS; `{ new: false }`: one that did. */
  async setAccount(account: AccountSwitch): Promise<void> {
    await this.#send('PUT', 'account', account);
  }

  /** What the account has of ECS's service-linked role. */
  async account(): Promise<{ exists: boolean; usable: boolean }> {
    const answer = await fetch(`${this.#endpoint}/_fargate/account`);
    return accountSchema.parse(await answer.json()).serviceLinkedRole;
  }

  async reset(): Promise<void> {
    await this.setCapacity({ FARGATE: null, FARGATE_SPOT: null });
    await this.setLag(0);
    await this.setDisk(null);
    await this.setStopKeepsTags(false);
    await this.setLogsDenied([]);
    await this.resetRates();
  }

  async #send(method: string, path: string, body: unknown): Promise<void> {
    const answer = await fetch(`${this.#endpoint}/_fargate/${path}`, { method, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`the emulator's switch ${path}: ${answer.status} ${await answer.text()}`);
  }
}
