import type { Job } from '@serverless-gitlab-runner/gitlab-double';
import type { ObservedTask } from '../../system/observe-tasks.ts';

/** A job as GitLab and ECS saw it. */
export interface JobFacts {
  job: Job;
  /** The job's log at GitLab. */
  log: Buffer;
  task: ObservedTask | undefined;
}

/** Checks a job. Returns a sentence for each problem. */
export type Expectation = (seen: JobFacts) => string[];

/** The job ended with that status and, unless null, that failure reason and exit code. */
export function endsWith(
  status: string,
  failureReason: string | null = null,
  exitCode: number | null = null,
): Expectation {
  return ({ job }) => {
    const problems: string[] = [];
    if (job.status !== status) problems.push(`status is ${job.status}, expected ${status}`);
    if (failureReason !== null && job.failureReason !== failureReason) {
      problems.push(`failure reason is ${job.failureReason}, expected ${failureReason}`);
    }
    if (exitCode !== null && job.exitCode !== exitCode)
      problems.push(`exit code is ${job.exitCode}, expected ${exitCode}`);
    return problems;
  };
}

/** From this version on GitLab Runner passes on the script's exit code from a custom executor. Older versions report 1. */
const EXIT_CODE_SINCE = [17, 9] as const;

/** The script failed with that exit code, or with 1 if the runner's version does not report it. */
export function failsWithExitCode(exitCode: number): Expectation {
  return (facts) => {
    const [major = 0, minor = 0] = (facts.job.manager?.info?.version ?? '').split('.').map(Number);
    const [sinceMajor, sinceMinor] = EXIT_CODE_SINCE;
    const isReported = major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
    return endsWith('failed', 'script_failure', isReported ? exitCode : 1)(facts);
  };
}

/** The log has exactly that line. */
export function showsLine(line: string): Expectation {
  return ({ log }) => {
    const lines = log.toString('utf8').split(/\r?\n/).map(withoutTimestamp);
    return lines.includes(line) ? [] : [`the log has no line "${line}"`];
  };
}

/** Runners from 18.0 on may prefix each line with a time and stream marker, `2026-01-31T10:00:00.000000Z 01O `. */
function withoutTimestamp(line: string): string {
  return line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z \d\d[OE][ +]/, '');
}

/** From the line that starts with `from`, the log has exactly these bytes. */
export function showsBytes(from: string, expected: string): Expectation {
  return ({ log }) => {
    const at = log.indexOf(`\n${from}`);
    if (at < 0) return [`no line of the log starts with "${from.trim()}"`];
    const bytes = Buffer.from(expected);
    const found = log.subarray(at + 1, at + 1 + bytes.length);
    return found.equals(bytes) ? [] : [`the log's bytes differ: ${JSON.stringify(found.toString('utf8'))}`];
  };
}

/** The job's task had that size in ECS. */
export function hasSize(cpu: number, memory: number): Expectation {
  return ({ task }) => {
    if (!task) return ['ECS has no task of this job'];
    const isEqual = task.cpu === cpu && task.memory === memory;
    return isEqual
      ? []
      : [`the task had cpu ${task.cpu} and memory ${task.memory}, expected ${cpu} and ${memory}`];
  };
}
