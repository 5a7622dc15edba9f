import type { Expectation, Suite } from '../conformance-case.ts';
import { says, showsBytes, succeeds, succeedsWith } from '../expectations.ts';

/** Seconds from a line's writing to GitLab's having it: two, and the runner's own interval (1 s here) at most twice. */
const SEEN_WITHIN = 4;

export const LOG: Suite = {
  repository: 'log',
  cases: [
    {
      keyword: 'log',
      name: 'bytes that are no text come as they are, but what is no UTF-8 may be replaced by the runner',
      jobs: { binary: [succeeds(), showsBinary()] },
    },
    {
      keyword: 'log',
      name: 'colours and sections of the script',
      quick: true,
      jobs: {
        sections: [
          succeeds(),
          ({ log }) => (log.includes('\u001b[31mred\u001b[0m plain') ? [] : ['the colours are gone']),
          ({ job }) => {
            const section = job.sections().find(({ name }) => name === 'my_section');
            return section?.endedAt ? [] : ["the script's section is not in the log, or has no end"];
          },
        ],
      },
    },
    {
      keyword: 'log',
      name: 'carriage returns, and a last line without an end',
      jobs: { progress: [succeeds(), showsBytes('10%', '10%\r50%\r100%\nno newline at the end')] },
    },
    {
      keyword: 'log',
      name: 'standard output and error in the order they were written',
      jobs: {
        'both-streams': [
          succeeds(),
          showsBytes('out 1\n', [1, 2, 3, 4, 5].map((n) => `out ${n}\nerr ${n}\n`).join('')),
        ],
      },
    },
    {
      keyword: 'log',
      name: 'a line of 300,000 characters',
      jobs: { 'long-line': succeedsWith(`${'x'.repeat(300_000)}end`).map(shortWords) },
    },
    {
      keyword: 'log',
      name: `a line is at GitLab within ${SEEN_WITHIN} s`,
      jobs: { 'as-it-happens': [succeeds(), comesAsItHappens()] },
    },
    {
      keyword: 'log',
      name: 'tells image, size, task id, and what the job cost',
      jobs: {
        'start-section': [
          ...succeedsWith('hello'),
          says('conformance/toolbox:local'),
          says(/0\.5 vCPU/),
          (seen) => (seen.task ? says(seen.task.taskId)(seen) : ['it had no task']),
          says(/\$|USD/),
        ],
      },
    },
  ],
};

/** Beside other jobs it would slow them. */
export const THROUGHPUT: Suite = {
  repository: 'throughput',
  alone: true,
  cases: [
    {
      keyword: 'log',
      name: '40 MB without a loss',
      jobs: { fast: [succeeds(), hasEveryLine()] },
    },
  ],
};

/** The runner may put the replacement character in place of what is no UTF-8; the rest must be there in order. */
function showsBinary(): Expectation {
  return (seen) => {
    const { log } = seen;
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
        return [`line ${number} is lost`];
    }
    return [];
  };
}

function comesAsItHappens(): Expectation {
  return ({ job, log }) => {
    const ticks = [...log.toString('utf8').matchAll(/^tick \d at (\d+)/gm)];
    if (ticks.length !== 6) return [`${ticks.length} of 6 lines came`];
    const late = ticks.flatMap(([line, written]) => {
      const seen = job.firstSeen(line);
      const seconds = seen ? seen.getTime() / 1000 - Number(written) : Number.POSITIVE_INFINITY;
      // The job's clock tells whole seconds.
      return seconds <= SEEN_WITHIN + 1 ? [] : [`"${line}" came after ${seconds.toFixed(1)} s`];
    });
    return late;
  };
}

/** An expectation about a very long line must not print it. */
function shortWords(expectation: Expectation): Expectation {
  return async (seen) => (await expectation(seen)).map((sentence) => sentence.slice(0, 200));
}
