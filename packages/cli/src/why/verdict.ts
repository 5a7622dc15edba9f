export interface Explanation {
  jobId: number;
  /** `unknown`: nothing is known here. `queued`: no task yet. */
  state: 'unknown' | 'queued' | 'starting' | 'running' | 'ended';
  /** What the job waits for, or what it does, in one sentence. */
  summary: string;
  /** Since when, in milliseconds since 1970. */
  since: number | undefined;
  /** What happened, oldest first. */
  steps: readonly Step[];
  /** What to do, most likely first; empty if nothing is wrong. */
  advice: readonly string[];
}

export interface Step {
  /** Milliseconds since 1970. */
  at: number;
  what: string;
}

export type Verdict = Omit<Explanation, 'jobId' | 'steps'>;
