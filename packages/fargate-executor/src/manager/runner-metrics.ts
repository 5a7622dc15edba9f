/** A loaded machine answers later than this only when something is wrong. */
const TIMEOUT_MS = 2000;
const SAMPLE = /^gitlab_runner_request_concurrency(?:\{[^\n]*\})? (\d+)$/gm;

/**
 * Requests for a job that `gitlab-runner` has open, from its own metrics (`gitlab_runner_request_concurrency`, since 10.8).
 * @returns undefined when it does not answer
 */
export async function readOpenRequests(port: number): Promise<number | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return response.ok ? countOpenRequests(await response.text()) : undefined;
  } catch {
    return undefined;
  }
}

/** A runner that has not asked yet has no sample, and no open request. */
export function countOpenRequests(metrics: string): number {
  return [...metrics.matchAll(SAMPLE)].reduce((sum, [, value]) => sum + Number(value), 0);
}
