import * as z from 'zod';

/** Refusals by capacity provider; null: it has capacity again. */
export type CapacitySwitch = Record<string, Refusal | null>;

/** `times`: number of refused tasks (default: unlimited). `error`: RunTask fails instead of returning `failures[]`. */
export interface Refusal {
  reason: string;
  times?: number;
  error?: boolean;
}

export const NO_CAPACITY: Refusal = { reason: 'Capacity is unavailable at this time' };
export const QUOTA_REACHED: Refusal = {
  reason: "You've reached the limit on the number of vCPUs you can run concurrently",
};

/** The account's request rate buckets, named as in testing/aws-emulator/image/fargate/rates.py. */
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

/** A bucket's current and lowest level, and the number of calls that it passed and refused. */
export type BucketState = z.infer<typeof bucketSchema>;

/** How long tasks take to start. By default as long as Docker takes. */
export interface StartTimes {
  /** Mean time in seconds until a task's network is there, counted from RunTask; 0: as fast as Docker. */
  seconds: number;
  /** Standard deviation of that time in seconds. It is drawn for each task, and at least a quarter of the mean. Default 0. */
  deviation?: number;
  /** Seed of the draws. Default 1. */
  seed?: number;
  /** Rate of pulls, image by image at each start, in megabytes of the image as Docker stores it. Default: nothing is pulled again. */
  megabytesPerSecond?: number;
}

/** Whether the account has never used ECS, how long a new service-linked role is unusable, and whether it may be created. */
export type AccountSwitch = { new: true; lagSeconds?: number; mayCreateRole?: boolean } | { new: false };

const accountSchema = z.object({
  serviceLinkedRole: z.object({ exists: z.boolean(), usable: z.boolean() }),
});

/** The emulator's switches for faults of Fargate and ECS (testing/aws-emulator/README.md). */
export class EmulatorSwitches {
  readonly #endpoint: string;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  async setCapacity(capacity: CapacitySwitch): Promise<void> {
    await this.#send('PUT', 'capacity', capacity);
  }

  /** Interrupts a Spot task: its last container is killed after `seconds` (120 on AWS). */
  async interrupt(task: string, seconds: number): Promise<void> {
    await this.#send('POST', 'interrupt', { task, seconds });
  }

  /** Sets how long reads do not return a new task. */
  async setLag(lagSeconds: number): Promise<void> {
    await this.#send('PUT', 'faults', { lagSeconds });
  }

  /** Sets the size in MiB of each volume of new tasks; null: no limit. */
  async setDisk(diskMib: number | null): Promise<void> {
    await this.#send('PUT', 'faults', { diskMib });
  }

  /** Sets whether StopTask keeps a task's tags. Default: false. */
  async setStopKeepsTags(stopKeepsTags: boolean): Promise<void> {
    await this.#send('PUT', 'faults', { stopKeepsTags });
  }

  /** Sets for how many seconds ECS lists a stopped task, which is 3600 on AWS; null: as the emulator was started. */
  async setStoppedTasksKept(stoppedKeptSeconds: number | null): Promise<void> {
    await this.#send('PUT', 'faults', { stoppedKeptSeconds });
  }

  /** Sets the execution roles (ARNs) for which an organisation's policy denies ECS to create log streams. Default: none. */
  async setLogsDenied(roles: readonly string[]): Promise<void> {
    await this.#send('PUT', 'faults', { denied: { 'logs:CreateLogStream': roles } });
  }

  /** Empties buckets: they pass no calls for the given seconds. */
  async emptyBuckets(seconds: Partial<Record<RateBucket, number>>): Promise<void> {
    await this.#send('PUT', 'rates', seconds);
  }

  /** Fills all buckets and resets their counts. */
  async resetRates(): Promise<void> {
    await this.#send('DELETE', 'rates', {});
  }

  async rates(): Promise<Record<string, BucketState>> {
    const answer = await fetch(`${this.#endpoint}/_fargate/rates`);
    return z.record(z.string(), bucketSchema).parse(await answer.json());
  }

  /** Sets how long new tasks take to start, and starts their draws anew. */
  async setStartTimes(times: StartTimes): Promise<void> {
    await this.#send('PUT', 'starts', times);
  }

  /** Sets whether the account has used ECS before (`{ new: false }`). */
  async setAccount(account: AccountSwitch): Promise<void> {
    await this.#send('PUT', 'account', account);
  }

  /** State of the account's service-linked role for ECS. */
  async account(): Promise<{ exists: boolean; usable: boolean }> {
    const answer = await fetch(`${this.#endpoint}/_fargate/account`);
    return accountSchema.parse(await answer.json()).serviceLinkedRole;
  }

  async reset(): Promise<void> {
    await this.setCapacity({ FARGATE: null, FARGATE_SPOT: null });
    await this.setLag(0);
    await this.setDisk(null);
    await this.setStopKeepsTags(false);
    await this.setStoppedTasksKept(null);
    await this.setLogsDenied([]);
    await this.setStartTimes({ seconds: 0 });
    await this.resetRates();
  }

  async #send(method: string, path: string, body: unknown): Promise<void> {
    const answer = await fetch(`${this.#endpoint}/_fargate/${path}`, { method, body: JSON.stringify(body) });
    if (!answer.ok)
      throw new Error(`emulator switch ${path} failed: ${answer.status} ${await answer.text()}`);
  }
}
