import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { showsLine } from '../demo/expectations.ts';
import type { Expectation, SeenJob } from './conformance-case.ts';

export { endsWith, failsWithExitCode, hasSize, showsBytes, showsLine } from '../demo/expectations.ts';

/** The job succeeded, and its log has these lines, whole. */
export function succeedsWith(...lines: string[]): Expectation[] {
  return [succeeds(), ...lines.map((line) => showsLine(line))];
}

/** The job succeeded; if not, how it ended and the end of its log. */
export function succeeds(): Expectation {
  return ({ job, log }) =>
    job.status === 'success'
      ? []
      : [`${job.status} (${job.failureReason}, exit code ${job.exitCode}): ${lastLines(log)}`];
}

/** The job failed for that reason; the exit code is looked at by `failsWithExitCode`. */
export function failsFor(reason: string): Expectation {
  return ({ job, log }) =>
    job.status === 'failed' && job.failureReason === reason
      ? []
      : [`${job.status} (${job.failureReason}), expected failed (${reason}): ${lastLines(log)}`];
}

/** Somewhere in the log, colours left out. */
export function says(text: string | RegExp): Expectation {
  return ({ log }) => {
    const plain = withoutColours(log.toString('utf8'));
    const found = typeof text === 'string' ? plain.includes(text) : text.test(plain);
    return found ? [] : [`the log does not say ${text}: ${lastLines(log)}`];
  };
}

/** Nowhere in the log, not even in parts of lines. */
export function keepsQuietAbout(text: string): Expectation {
  return ({ log }) => (log.includes(text) ? [`the log shows "${text}"`] : []);
}

/** Nothing was started in AWS for the job. */
export function startsNoTask(): Expectation {
  return ({ tasks }) => (tasks.length === 0 ? [] : [`${tasks.length} tasks were started for it`]);
}

/** Refused before anything was started, as the job's own mistake, in these words. */
export function isRefused(text: string | RegExp): Expectation[] {
  return [failsFor('script_failure'), says(text), startsNoTask()];
}

/** Those files are in the artifacts, and no others. */
export function hasArtifacts(expected: Readonly<Record<string, string>>): Expectation {
  return ({ files, job }) => {
    if (job.archive === undefined) return ['there is no artifact archive'];
    const wrong = Object.entries(expected).flatMap(([path, content]) => {
      const found = files.get(path);
      if (found === undefined) return [`${path} is not in the artifacts`];
      const text = found.content.toString('utf8');
      return text === content ? [] : [`${path} holds ${JSON.stringify(text)} in the artifacts`];
    });
    const extra = [...files.keys()].filter((path) => !Object.hasOwn(expected, path));
    return [...wrong, ...extra.map((path) => `${path} is in the artifacts, too`)];
  };
}

/** No archive was uploaded. */
export function hasNoArtifacts(): Expectation {
  return ({ job }) => (job.archive === undefined ? [] : ['artifacts were uploaded']);
}

/** A report of that type was uploaded with that text in it. */
export function hasReport(type: string, text: string): Expectation {
  return ({ job }) => {
    const report = job.artifacts.find((artifact) => artifact.type === type);
    if (report === undefined) return [`there is no ${type} report`];
    const content = gunzipSync(readFileSync(report.path)).toString('utf8');
    return content.includes(text) ? [] : [`the ${type} report holds ${JSON.stringify(content)}`];
  };
}

/** The job was tried so many times, and each try ran in a task of its own. */
export function wasTried(times: number): Expectation {
  return ({ attempts }) =>
    attempts.length === times ? [] : [`it was tried ${attempts.length} times, expected ${times}`];
}

/** It was over so many seconds after it began, at most. */
export function lastsAtMost(seconds: number): Expectation {
  return ({ job }) => {
    const lasted = secondsOf({ job });
    return lasted <= seconds ? [] : [`it took ${lasted.toFixed(1)} s, expected at most ${seconds}`];
  };
}

/** Seconds from a runner's taking the job to its end; 0 if none took it. */
export function secondsOf({ job }: Pick<SeenJob, 'job'>): number {
  const { startedAt, finishedAt } = job;
  return startedAt && finishedAt ? (finishedAt.getTime() - startedAt.getTime()) / 1000 : 0;
}

function withoutColours(text: string): string {
  // biome's rule against control characters is for mistakes; these are what is looked for.
  return text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*[mK]`, 'g'), '');
}

function lastLines(log: Buffer): string {
  const lines = withoutColours(log.subarray(-3000).toString('utf8')).split(/[\r\n]+/);
  const telling = lines.filter((line) => line.trim() !== '' && !line.startsWith('section_'));
  return telling.slice(-5).join(' ⏎ ');
}
