/** A loaded machine answers later than this only when something is wrong. */
const TIMEOUT_MS = 2000;

/** What `gitlab-runner` tells of its requests for jobs. */
export interface JobRequests {
  /** Those that GitLab has not answered (`gitlab_runner_request_concurrency`). */
  open: number;
  /** Those that it has answered with a job or with none (`gitlab_runner_api_request_statuses_total`). */
  answered: number;
}

/**
 * Reads the runner's own metrics.
 * @returns undefined when it does not answer
 */
export async function readJobRequests(port: number): Promise<JobRequests | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return response.ok ? countJobRequests(await response.text()) : undefined;
  } catch {
    return undefined;
  }
}

/** A runner that has not asked yet has no sample. */
export function countJobRequests(metrics: string): JobRequests {
  const counts = { open: 0, answered: 0 };
  for (const line of metrics.split('\n')) {
    const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\d+)$/.exec(line) ?? [];
    if (name === 'gitlab_runner_request_concurrency') counts.open += Number(value);
    if (name === 'gitlab_runner_api_request_statuses_total' && isAnswer(labels))
      counts.answered += Number(value);
  }
  return counts;
}

function isAnswer(labels: string): boolean {
  return labels.includes('endpoint="request_job"') && /status="20[14]"/.test(labels);
}
