import type { Suite } from '../conformance-case.ts';
import {
  failsWithExitCode,
  keepsQuietAbout,
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
      name: 'before_script of default, script and after_script, in that order; after_script has a shell of its own',
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
      name: "a job's before_script takes the place of default's; script may be one line",
      jobs: {
        'own-before-script': [
          ...succeedsWith('before of its own', 'one line only'),
          keepsQuietAbout('before, from default'),
        ],
      },
    },
    {
      keyword: 'script',
      name: 'lines of several lines, folded lines, here documents',
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
      name: 'the first command that fails ends the script, in a pipe too',
      jobs: {
        'failing-command': [failsWithExitCode(1), showsLine('first'), sayNothingMore()],
        'failing-pipe': [failsWithExitCode(1), sayNothingMore()],
      },
    },
    {
      keyword: 'script',
      name: 'input is empty, and a process that is left behind does not hold the job up',
      jobs: {
        'no-input': succeedsWith("the script's input is empty"),
        'left-behind': [...succeedsWith('left a process behind'), lastsAtMost(90)],
      },
    },
    {
      keyword: 'after_script',
      name: 'runs after failure and success, knows the status, and its own failure changes nothing',
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

/** The command that fails is shown by `set -x` only; the one after it is echoed before it would run. */
function sayNothingMore() {
  return ({ log }: { log: Buffer }) =>
    /^never said/m.test(log.toString('utf8')) ? ['the script went on after a command that failed'] : [];
}
