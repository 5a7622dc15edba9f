import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPORTS, writeReport } from '@serverless-gitlab-runner/machine';
import type { CaseResult, SuiteOutcome } from './run-suite.ts';

/** Writes `reports/conformance.json`, and each job's log at GitLab to `reports/conformance-logs/`. */
export function writeReports(results: readonly CaseResult[], outcomes: readonly SuiteOutcome[]): void {
  const logs = join(REPORTS, 'conformance-logs');
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(logs, { recursive: true });
  writeReport('conformance.json', results);
  for (const job of outcomes.flatMap((outcome) => outcome.jobs)) {
    const name = `${job.pipeline.project.name}-${job.name}-${job.id}`.replaceAll(/[^\w.-]+/g, '_');
    writeFileSync(join(logs, `${name}.log`), job.trace.bytes);
  }
}
