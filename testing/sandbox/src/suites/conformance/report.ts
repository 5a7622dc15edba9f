import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import type { CaseResult, SuiteOutcome } from './run-suite.ts';

const REPORTS = join(REPOSITORY_ROOT, 'reports');

/** Writes `reports/conformance.json`, and each job's log at GitLab to `reports/conformance-logs/`. */
export function writeReports(results: readonly CaseResult[], outcomes: readonly SuiteOutcome[]): void {
  const logs = join(REPORTS, 'conformance-logs');
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(logs, { recursive: true });
  writeFileSync(join(REPORTS, 'conformance.json'), `${JSON.stringify(results, null, 2)}\n`);
  for (const job of outcomes.flatMap((outcome) => outcome.jobs)) {
    const name = `${job.pipeline.project.name}-${job.name}-${job.id}`.replaceAll(/[^\w.-]+/g, '_');
    writeFileSync(join(logs, `${name}.log`), job.trace.bytes);
  }
}
