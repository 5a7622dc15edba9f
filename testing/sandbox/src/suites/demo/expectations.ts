import type { Job } from '@serverless-gitlab-runner/gitlab-double';
import type { ObservedTask } from '../../system/observe-tasks.ts';

/** What the double and ECS saw of one job. */
export interface SeenJob {
  job: Job;
  /** The job's log as GitLab has it. */
  log: Buffer;
  task: ObservedTask | undefined;
}

/** Returns what is wrong, in sentences; nothing when all is right. */
export type Expectation = (seen: SeenJob) => string[];

/** The job ended with that status, and where it failed with that reason and exit code. */
export function endsWith(
  status: string,
  failureReason: string | null = null,
  exitCode: number | null = null,
): Expectation {
  return ({ job }) => {
    const wrong: string[] = [];
    if (job.status !== status) wrong.push(`status is ${job.status}, expected ${status}`);
    if (failureReason !== null && job.failureReason !== failureReason) {
      wrong.push(`failure reason is ${job.failureReason}, expected ${failureReason}`);
    }
    if (exitCode !== null && job.exitCode !== exitCode)
      wrong.push(`exit code is ${job.exitCode}, expected ${exitCode}`);
    return wrong;
  };
}

/** Since this version GitLab Runner passes on the script's exit code that a custom executor tells it; before, it says 1. */
const EXIT_CODE_SINCE = [17, 9] as const;

/** The script failed with that exit code, and GitLab knows it as far as the runner's version tells. */
export function failsWithExitCode(exitCode: number): Expectation {
  return (seen) => {
    const [major = 0, minor = 0] = (seen.job.manager?.info?.version ?? '').split('.').map(Number);
    const [sinceMajor, sinceMinor] = EXIT_CODE_SINCE;
    const told = major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
    return endsWith('failed', 'script_failure', told ? exitCode : 1)(seen);
  };
}

/** The log has that line, whole. */
export function showsLine(line: string): Expectation {
  return ({ log }) => {
    const lines = log.toString('utf8').split(/\r?\n/).map(withoutTimestamp);
    return lines.includes(line) ? [] : [`the log has no line "${line}"`];
  };
}

/** Runners since 18.0 may begin each line with a time and stream marker, `2026-01-31T10:00:00.000000Z 01O `. */
function withoutTimestamp(line: string): string {
  return line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z \d\d[OE][ +]/, '');
}

/** From where `from` begins a line, the log holds exactly these bytes. */
export function showsBytes(from: string, expected: string): Expectation {
  return ({ log }) => {
    const at = log.indexOf(`\n${from}`);
    if (at < 0) return [`the log has no "${from.trim()}" at the beginning of a line`];
    const bytes = Buffer.from(expected);
    const found = log.subarray(at + 1, at + 1 + bytes.length);
    return found.equals(bytes) ? [] : [`the log's bytes differ: ${JSON.stringify(found.toString('utf8'))}`];
  };
}

/** The job's task really had that size. */
export function hasSize(cpu: number, memory: number): Expectation {
  return ({ task }) => {
    if (!task) return ['ECS knows no task of this job'];
    const has = task.cpu === cpu && task.memory === memory;
    return has
      ? []
      : [`the task had cpu ${task.cpu} and memory ${task.memory}, expected ${cpu} and ${memory}`];
  };
}
