import type { Suite } from '../conformance-case.ts';
import {
  doesNotSay,
  failsWithExitCode,
  lastsAtMost,
  says,
  showsLine,
  succeedsWith,
} from '../expectations.ts';

export const SCRIPT: Suite = {
  repository: 'script',
  cases: [
    {
      keyword: 'script',
      name: 'before_script of default, script and after_script run in that order; after_script has its own shell',
      quick: true,
      jobs: {
        order: succeedsWith(
          'before, from default',
          'in the script, set before',
          "after, in 1 folder of the project, before_script's variable is ''",
        ),
      },
    },
    {
      keyword: 'script',
      name: "a job's before_script replaces that of default; script may be a single line",
      jobs: {
        'own-before-script': [
          ...succeedsWith('before of its own', 'one line only'),
          doesNotSay('before, from default'),
        ],
      },
    },
    {
      keyword: 'script',
      name: 'multi-line commands, folded lines, here documents',
      jobs: { 'multi-line': succeedsWith('word one', 'word two', 'folded into one line', 'here multi-line') },
    },
    {
      keyword: 'script',
      name: 'anchors, !reference, extends of two, include of a local file',
      jobs: {
        'anchors-references-extends': succeedsWith('greetings', 'nested greetings', 'hello job, loud, kept'),
        'from-include': succeedsWith('included from a local file'),
      },
    },
    {
      keyword: 'script',
      name: 'the first failing command ends the script, also in a pipe',
      jobs: {
        'failing-command': [failsWithExitCode(1), showsLine('first'), stopsThere()],
        'failing-pipe': [failsWithExitCode(1), stopsThere()],
      },
    },
    {
      keyword: 'script',
      name: "the script's input is empty, and a background process does not delay the job's end",
      jobs: {
        'no-input': succeedsWith("the script's input is empty"),
        'left-behind': [...succeedsWith('left a process behind'), lastsAtMost(90)],
      },
    },
    {
      keyword: 'after_script',
      name: 'runs after failure and success and knows the status; its own failure does not change it',
      jobs: {
        'after-failure': [failsWithExitCode(7), showsLine('after a failed job')],
        'after-success': succeedsWith('after a success job'),
      },
    },
    {
      keyword: 'hooks',
      name: 'pre_get_sources_script runs before the sources',
      since: '15.9',
      jobs: { hooks: [...succeedsWith('after the sources'), says('before the sources')] },
    },
  ],
};

/** The log shows neither the output nor the echo of the command after the failing one. */
function stopsThere() {
  return ({ log }: { log: Buffer }) =>
    /^never said/m.test(log.toString('utf8')) ? ['the script continued after a failing command'] : [];
}
