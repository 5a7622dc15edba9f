import {
  endsWith,
  failsFor,
  hasArtifacts,
  isRefused,
  lastsAtMost,
  succeedsWith,
} from '../../expectations.ts';
import { cancelWhenStarted, failsSoonWith, hasOneTask, hostile, runsAlone } from './expectations.ts';

/** Every predefined variable that might identify a job, set to another job's value, for every kind of end. */
export const IDENTITY = [
  hostile("CI_JOB_ID is another job's", { 'id-of-another': runsAlone() }, { quick: true }),
  hostile("CI_JOB_ID is a path to another job's folder", { 'id-as-path': runsAlone() }, { quick: true }),
  hostile('CI_JOB_ID is a path with ..', { 'id-with-dots': runsAlone() }),
  hostile('CI_JOB_ID is not a number', { 'id-in-words': runsAlone() }),
  hostile('CI_JOB_ID is empty', { 'id-empty': runsAlone() }),
  hostile('CI_JOB_ID is negative', { 'id-negative': runsAlone() }),
  hostile('CI_JOB_ID has 20 digits', { 'id-huge': runsAlone() }),
  hostile("CI_BUILD_ID and CI_JOB_URL are another job's", { 'id-of-build': runsAlone() }),
  hostile("CI_PROJECT_ID and CI_PROJECT_PATH are another project's", { 'project-of-another': runsAlone() }),
  hostile("CI_PIPELINE_ID is another pipeline's", { 'pipeline-of-another': runsAlone() }),
  hostile('CI_SERVER_URL is another GitLab', { 'server-of-another': runsAlone() }),
  hostile("CI_JOB_NAME and CI_JOB_STAGE are another job's", { 'name-of-another': runsAlone() }),
  hostile('CI_RUNNER_SHORT_TOKEN and CI_CONCURRENT_ID are paths', { 'runner-of-another': runsAlone() }),
  hostile("the hooks' internal variables are set", { 'session-of-another': runsAlone() }),
  hostile(
    'all predefined variables are set at once',
    { 'everything-of-another': runsAlone() },
    { quick: true },
  ),
  hostile("CI_JOB_ID is another job's, and the script fails", {
    'id-of-another-fails': [...failsSoonWith(3), hasOneTask()],
  }),
  hostile("CI_JOB_ID is another job's, and the job times out, whatever CI_JOB_TIMEOUT says", {
    'id-of-another-times-out': [failsFor('job_execution_timeout'), lastsAtMost(60), hasOneTask()],
  }),
  hostile(
    "CI_JOB_ID is another job's, and the job is cancelled",
    { 'id-of-another-is-canceled': [endsWith('canceled'), hasOneTask()] },
    { during: cancelWhenStarted('id-of-another-is-canceled') },
  ),
  hostile("CI_JOB_ID is another job's, and the image does not exist", {
    'id-of-another-cannot-start': [failsFor('script_failure'), lastsAtMost(60), hasOneTask()],
  }),
  hostile("CI_JOB_ID is another job's, and the job is refused", {
    'id-of-another-is-refused': isRefused('FARGATE_CPU'),
  }),
  hostile("CI_JOB_ID is another job's, with services", {
    'id-of-another-with-services': runsAlone(),
  }),
  hostile("CI_JOB_ID and CI_JOB_TOKEN are another job's, with artifacts", {
    'id-of-another-with-artifacts': [...runsAlone(), hasArtifacts({ 'README.md': '# hostile\n' })],
  }),
  hostile('CI_JOB_IMAGE is another image', {
    'image-of-another': succeedsWith('in the image that it names'),
  }),
  hostile("the hooks' exit codes are set", { 'exit-codes-of-hooks': failsSoonWith(7) }),
  hostile('variables that shells and the AWS SDK read are set', { 'environment-of-hooks': runsAlone() }),
];
