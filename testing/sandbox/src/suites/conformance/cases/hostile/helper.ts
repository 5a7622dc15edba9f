import { endsWith, failsFor, lastsAtMost, succeeds } from '../../expectations.ts';
import { cancelWhenStarted, endsSoon, hostile } from './expectations.ts';

/** The helper answers, but does not report how the stage ended: the job manipulated its helper or agent. */
const ownFault = () => [failsFor('script_failure'), lastsAtMost(100)];
/** The helper or its connection is lost for an unknown reason. */
const lost = () => [failsFor('runner_system_failure'), lastsAtMost(100)];

/** A job's `pre_get_sources_script` runs in the helper as root: from then on the job controls what the helper answers. */
export const HELPER = [
  hostile(
    'the helper answers a range instead of an exit code',
    { 'exit-is-a-range': ownFault() },
    { quick: true },
  ),
  hostile('the helper answers a path instead of an exit code', { 'exit-is-a-path': ownFault() }),
  hostile('the helper answers an exit code 100,000 times', { 'exit-is-many': endsSoon() }),
  hostile('the helper answers an exit code of 20 digits', { 'exit-is-huge': ownFault() }),
  hostile('the helper does not answer', { 'exit-is-silence': ownFault() }),
  hostile('the helper answers with 500 MB', { 'answers-are-endless': endsSoon('failed') }),
  hostile('the helper sends 300 MB during a stage', { 'words-are-endless': endsSoon() }),
  hostile('the helper answers with shell and terminal control characters', { 'words-are-odd': ownFault() }),
  hostile('the helper hangs until the timeout', {
    'stage-hangs': [failsFor('job_execution_timeout'), lastsAtMost(100)],
  }),
  hostile(
    'the helper hangs, and so does the cancellation',
    { 'cancel-hangs': [endsWith('canceled')] },
    { during: cancelWhenStarted('cancel-hangs') },
  ),
  hostile("the helper's SSH server is killed", { 'ssh-is-killed': lost() }),
  hostile('the helper is stopped', { 'helper-is-ended': lost() }),
  hostile("the helper's state is removed", { 'helper-state-is-gone': endsSoon() }),
  hostile("the helper's own log is flooded", { 'helper-log-is-flooded': [succeeds()] }),
];
