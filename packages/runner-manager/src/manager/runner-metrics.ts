/** Even a loaded machine answers within this time. */
const TIMEOUT_MS = 2000;

/** Number of `gitlab-runner`'s requests for jobs. */
export interface JobRequests {
  /** Requests that GitLab has not answered yet (`gitlab_runner_request_concurrency`). */
  open: number;
  /** Requests that GitLab has answered, with or without a job (`gitlab_runner_api_request_statuses_total`). */
  answered: number;
}

/**
 * Reads the runner's metrics.
 * @returns undefined if it does not answer
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

/** Parses the runner's metrics. A missing sample means that it has sent no request yet. */
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
