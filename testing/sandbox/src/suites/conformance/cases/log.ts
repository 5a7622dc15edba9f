import type { Expectation, Suite } from '../conformance-case.ts';
import { says, showsBytes, succeeds, succeedsWith } from '../expectations.ts';

/** Maximum delay of a log line at GitLab in seconds: two, plus at most two of the runner's own intervals (1 s here). */
const MAX_DELAY_SECONDS = 4;

export const LOG: Suite = {
  repository: 'log',
  cases: [
    {
      keyword: 'log',
      name: 'binary output is unchanged, except that the runner may replace invalid UTF-8',
      jobs: { binary: [succeeds(), showsBinary()] },
    },
    {
      keyword: 'log',
      name: 'colours and sections of the script are kept',
      quick: true,
      jobs: {
        sections: [
          succeeds(),
          ({ log }) => (log.includes('\u001b[31mred\u001b[0m plain') ? [] : ['the colours are missing']),
          ({ job }) => {
            const section = job.sections().find(({ name }) => name === 'my_section');
            return section?.endedAt ? [] : ["the script's section is not in the log, or has no end"];
          },
        ],
      },
    },
    {
      keyword: 'log',
      name: 'carriage returns, and a last line without a newline',
      jobs: { progress: [succeeds(), showsBytes('10%', '10%\r50%\r100%\nno newline at the end')] },
    },
    {
      keyword: 'log',
      name: 'standard output and error appear in the order in which they were written',
      jobs: {
        'both-streams': [
          succeeds(),
          showsBytes('out 1\n', [1, 2, 3, 4, 5].map((n) => `out ${n}\nerr ${n}\n`).join('')),
        ],
      },
    },
    {
      keyword: 'log',
      name: 'a line of 300,000 characters is complete',
      jobs: { 'long-line': succeedsWith(`${'x'.repeat(300_000)}end`).map(withShortProblems) },
    },
    {
      keyword: 'log',
      name: `a line appears at GitLab within ${MAX_DELAY_SECONDS} s`,
      jobs: { 'as-it-happens': [succeeds(), appearsInTime()] },
    },
    {
      keyword: 'log',
      name: 'shows the image, the size, the task id and the cost of the job',
      jobs: {
        'start-section': [
          ...succeedsWith('hello'),
          says('conformance/toolbox:local'),
          says(/0\.5 vCPU/),
          (facts) => (facts.task ? says(facts.task.taskId)(facts) : ['the job had no task']),
          says(/\$|USD/),
        ],
      },
    },
  ],
};

/** Runs alone, since it would slow other jobs. */
export const THROUGHPUT: Suite = {
  repository: 'throughput',
  alone: true,
  cases: [
    {
      keyword: 'log',
      name: '40 MB of output arrive completely',
      jobs: { fast: [succeeds(), hasEveryLine()] },
    },
  ],
};

/** The runner may replace invalid UTF-8 by the replacement character. All other bytes must be present in order. */
function showsBinary(): Expectation {
  return ({ log }) => {
    const start = log.lastIndexOf('-- begin\n\u0001');
    const found = log.subarray(start + 9, log.indexOf('\n-- end', start));
    const ascii = Buffer.from(Array.from({ length: 127 }, (_, index) => index + 1));
    if (!found.subarray(0, 127).equals(ascii))
      return [`ASCII bytes differ: ${found.subarray(0, 127).toString('hex')}`];
    const high = Buffer.from(Array.from({ length: 128 }, (_, index) => index + 128));
    const rest = found.subarray(127);
    const replaced = rest.toString('utf8').replaceAll('\ufffd', '') === '';
    return rest.equals(high) || replaced
      ? []
      : [`bytes from 128 differ: ${rest.toString('hex').slice(0, 80)}`];
  };
}

function hasEveryLine(): Expectation {
  return ({ log }) => {
    const line = `${'x'.repeat(92)}\n`;
    const start = log.indexOf(`0000000${line}`);
    if (start < 0) return ['the first line is not in the log'];
    for (let number = 0; number < 400_000; number += 1) {
      const at = start + number * 100;
      if (log.toString('latin1', at, at + 7) !== String(number).padStart(7, '0'))
        return [`line ${number} is missing`];
    }
    return [];
  };
}

function appearsInTime(): Expectation {
  return ({ job, log }) => {
    const ticks = [...log.toString('utf8').matchAll(/^tick \d at (\d+)/gm)];
    if (ticks.length !== 6) return [`the log has ${ticks.length} of 6 lines`];
    const late = ticks.flatMap(([line, written]) => {
      const seenAt = job.firstSeen(line);
      const seconds = seenAt ? seenAt.getTime() / 1000 - Number(written) : Number.POSITIVE_INFINITY;
      // The job writes its time in whole seconds.
      return seconds <= MAX_DELAY_SECONDS + 1 ? [] : [`"${line}" appeared after ${seconds.toFixed(1)} s`];
    });
    return late;
  };
}

/** Shortens the problems of an expectation about a very long line, which would contain the line. */
function withShortProblems(expectation: Expectation): Expectation {
  return async (facts) => (await expectation(facts)).map((sentence) => sentence.slice(0, 200));
}
