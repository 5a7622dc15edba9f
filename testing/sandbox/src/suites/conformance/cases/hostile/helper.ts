import { endsWith, failsFor, lastsAtMost, succeeds } from '../../expectations.ts';
import { cancelWhenBegun, endsSoon, hostile } from './expectations.ts';

/** The helper answers, and does not say how the stage ended: the job did that to its helper or agent. */
const ownFault = () => [failsFor('script_failure'), lastsAtMost(100)];
/** The helper or its connection is gone, and nobody knows why. */
const lost = () => [failsFor('runner_system_failure'), lastsAtMost(100)];

/** A job's `pre_get_sources_script` runs in the helper, as root: what the helper says is a job's word from then on. */
export const HELPER = [
  hostile('the helper says a range for an exit code', { 'exit-is-a-range': ownFault() }, { quick: true }),
  hostile('the helper says a path for an exit code', { 'exit-is-a-path': ownFault() }),
  hostile('the helper says an exit code 100,000 times', { 'exit-is-many': endsSoon() }),
  hostile('the helper says an exit code of 20 digits', { 'exit-is-huge': ownFault() }),
  hostile('the helper says nothing', { 'exit-is-silence': ownFault() }),
  hostile('the helper answers 500 MB', { 'answers-are-endless': endsSoon('failed') }),
  hostile('the helper says 300 MB beside a stage', { 'words-are-endless': endsSoon() }),
  hostile('the helper says what shells and terminals read', { 'words-are-odd': ownFault() }),
  hostile('the helper hangs until the time-out', {
    'stage-hangs': [failsFor('job_execution_timeout'), lastsAtMost(100)],
  }),
  hostile(
    'the helper hangs, and the cancel too',
    { 'cancel-hangs': [endsWith('canceled')] },
    { during: cancelWhenBegun('cancel-hangs') },
  ),
  hostile("the helper's SSH server is killed", { 'ssh-is-killed': lost() }),
  hostile('the helper is ended', { 'helper-is-ended': lost() }),
  hostile("the helper's state is removed", { 'helper-state-is-gone': endsSoon() }),
  hostile("the helper's own log is flooded", { 'helper-log-is-flooded': [succeeds()] }),
];
