import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { showsLine } from '../demo/expectations.ts';
import type { Expectation, JobFacts } from './conformance-case.ts';

export { endsWith, failsWithExitCode, hasSize, showsBytes, showsLine } from '../demo/expectations.ts';

/** The job succeeded, and its log has exactly these lines. */
export function succeedsWith(...lines: string[]): Expectation[] {
  return [succeeds(), ...lines.map((line) => showsLine(line))];
}

/** The job succeeded. Otherwise the problem shows how it ended and the end of its log. */
export function succeeds(): Expectation {
  return ({ job, log }) =>
    job.status === 'success'
      ? []
      : [`${job.status} (${job.failureReason}, exit code ${job.exitCode}): ${lastLines(log)}`];
}

/** The job failed with that reason. `failsWithExitCode` also checks the exit code. */
export function failsFor(reason: string): Expectation {
  return ({ job, log }) =>
    job.status === 'failed' && job.failureReason === reason
      ? []
      : [`${job.status} (${job.failureReason}), expected failed (${reason}): ${lastLines(log)}`];
}

/** The log, without colours, contains the text. */
export function says(text: string | RegExp): Expectation {
  return ({ log }) => {
    const plain = withoutColours(log.toString('utf8'));
    const found = typeof text === 'string' ? plain.includes(text) : text.test(plain);
    return found ? [] : [`the log does not say ${text}: ${lastLines(log)}`];
  };
}

/** The log does not contain the text, not even as a part of a line. */
export function doesNotSay(text: string): Expectation {
  return ({ log }) => (log.includes(text) ? [`the log shows "${text}"`] : []);
}

/** No task was started for the job. */
export function startsNoTask(): Expectation {
  return ({ tasks }) => (tasks.length === 0 ? [] : [`${tasks.length} tasks were started for the job`]);
}

/** The job was refused as its own mistake, with that message, before a task was started. */
export function isRefused(text: string | RegExp): Expectation[] {
  return [failsFor('script_failure'), says(text), startsNoTask()];
}

/** The artifacts are exactly these files. */
export function hasArtifacts(expected: Readonly<Record<string, string>>): Expectation {
  return ({ files, job }) => {
    if (job.archive === undefined) return ['the job has no artifact archive'];
    const problems = Object.entries(expected).flatMap(([path, content]) => {
      const found = files.get(path);
      if (found === undefined) return [`the artifacts lack ${path}`];
      const text = found.content.toString('utf8');
      return text === content ? [] : [`${path} in the artifacts contains ${JSON.stringify(text)}`];
    });
    const extra = [...files.keys()].filter((path) => !Object.hasOwn(expected, path));
    return [...problems, ...extra.map((path) => `the artifacts also contain ${path}`)];
  };
}

/** No archive was uploaded. */
export function hasNoArtifacts(): Expectation {
  return ({ job }) => (job.archive === undefined ? [] : ['artifacts were uploaded']);
}

/** A report of that type with that text was uploaded. */
export function hasReport(type: string, text: string): Expectation {
  return ({ job }) => {
    const report = job.artifacts.find((artifact) => artifact.type === type);
    if (report === undefined) return [`the job has no ${type} report`];
    const content = gunzipSync(readFileSync(report.path)).toString('utf8');
    return content.includes(text) ? [] : [`the ${type} report contains ${JSON.stringify(content)}`];
  };
}

/** The pipeline has that number of jobs of this name: the job and its earlier attempts. */
export function hasAttempts(count: number): Expectation {
  return ({ attempts }) =>
    attempts.length === count ? [] : [`the job had ${attempts.length} attempts, expected ${count}`];
}

/** The job took at most `seconds`. */
export function lastsAtMost(seconds: number): Expectation {
  return ({ job }) => {
    const duration = secondsOf({ job });
    return duration <= seconds ? [] : [`the job took ${duration.toFixed(1)} s, expected at most ${seconds}`];
  };
}

/** Seconds from the job's start on a runner to its end; 0 if no runner took it. */
export function secondsOf({ job }: Pick<JobFacts, 'job'>): number {
  const { startedAt, finishedAt } = job;
  return startedAt && finishedAt ? (finishedAt.getTime() - startedAt.getTime()) / 1000 : 0;
}

function withoutColours(text: string): string {
  // Built from a string, since biome forbids control characters in a regular expression.
  return text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*[mK]`, 'g'), '');
}

function lastLines(log: Buffer): string {
  const lines = withoutColours(log.subarray(-3000).toString('utf8')).split(/[\r\n]+/);
  const relevant = lines.filter((line) => line.trim() !== '' && !line.startsWith('section_'));
  return relevant.slice(-5).join(' ⏎ ');
}
