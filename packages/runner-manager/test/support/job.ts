import { type JobSession, newSession } from '../../src/job/job-session.ts';
import { jobIdentity } from '../../src/job/request/job-identity.ts';
import { type JobRequest, jobRequest } from '../../src/job/request/job-request.ts';
import { parseJobResponse } from '../../src/job/request/job-response.ts';

export interface JobSample {
  image?: unknown;
  services?: unknown;
  credentials?: unknown;
  variables?: {
    key: string;
    value: string;
    public?: boolean;
    masked?: boolean;
    file?: boolean;
    raw?: boolean;
  }[];
  /** Values that the runner fetches itself, and GitLab never sees. */
  secrets?: Record<string, { value: string; file?: boolean }>;
}

/** A hook's environment for job 42: what the custom executor adds, and the job's variables. */
export function hookEnvironment(variables: Record<string, string> = {}): Map<string, string> {
  const all = {
    CI_SERVER_URL: 'https://gitlab.example.com',
    CI_JOB_ID: '42',
    CI_JOB_NAME: 'unit tests',
    CI_PIPELINE_ID: '7',
    CI_PROJECT_ID: '3',
    CI_PROJECT_PATH: 'acme/shop',
    ...variables,
  };
  return new Map(Object.entries(all).map(([name, value]) => [`CUSTOM_ENV_${name}`, value]));
}

/** Job 42 as GitLab sends it to a runner of today, with what a test cares about. */
export function jobResponse(sample: object = {}): object {
  return {
    id: 42,
    token: 'job-token-of-42',
    job_info: { name: 'unit tests', project_id: 3, pipeline_id: 7, project_full_path: 'acme/shop' },
    git_info: { repo_url: 'https://gitlab-ci-token:job-token-of-42@gitlab.example.com/acme/shop.git' },
    ...sample,
  };
}

/** A session of job 42 that nothing was done for yet. */
export function sessionOf(sample: object = {}): JobSession {
  const response = parseJobResponse(JSON.stringify(jobResponse(sample)));
  return newSession(jobIdentity(response, 'https://gitlab.example.com'), response);
}

/** A job as the hooks bring it: the variables of the sample are expanded already, as the runner does. */
export function jobOf(sample: JobSample = {}): JobRequest {
  const variables = Object.fromEntries([
    ...(sample.variables ?? []).map(({ key, value }) => [key, value]),
    ...Object.entries(sample.secrets ?? {}).map(([key, { value }]) => [key, value]),
  ]);
  return jobRequest(parseJobResponse(JSON.stringify(jobResponse(sample))), hookEnvironment(variables));
}

/** A job that asks by variables that stand in its `.gitlab-ci.yml`. */
export function jobWith(variables: Record<string, string>, more: JobSample = {}): JobRequest {
  const list = Object.entries(variables).map(([key, value]) => ({ key, value, public: true }));
  return jobOf({ ...more, variables: list });
}
