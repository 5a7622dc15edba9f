import type { Suite } from '../conformance-case.ts';
import { doesNotSay, isRefused, says, succeedsWith } from '../expectations.ts';

/** A branch name that git accepts and a careless shell would run. GitLab Runner before 15.5 runs commands in backticks itself. */
const BRANCH = 'x;>/builds/run;#';
const NOBODY_RAN_IT = [...succeedsWith('nobody ran it'), doesNotSay('somebody ran it')];

/** Shell commands in texts that a shell might evaluate. */
export const INJECTION: Suite = {
  repository: 'injection',
  project: { defaultBranch: BRANCH },
  commitMessage: "fix;>/builds/run\n\n'; touch /builds/run; `touch /builds/run`",
  cases: [
    {
      keyword: 'shell injection',
      name: "a job's name is not run",
      quick: true,
      jobs: {
        'job name\'; touch /builds/run; echo "$(touch /builds/run)" `touch /builds/run`': NOBODY_RAN_IT,
      },
    },
    {
      keyword: 'shell injection',
      name: "a branch's name and a commit's message are not run",
      quick: true,
      jobs: {
        branch: [...NOBODY_RAN_IT, says(`on ${BRANCH}`)],
        'commit-message': [...NOBODY_RAN_IT, says("'; touch /builds/run; `touch /builds/run`")],
      },
    },
    {
      keyword: 'shell injection',
      name: "variables' values are not run, with bash, busybox and a POSIX sh",
      quick: true,
      jobs: {
        values: [...NOBODY_RAN_IT, says("\\';touch /builds/run;\\")],
        'values-in-sh': [...NOBODY_RAN_IT, says("\\';touch /builds/run;\\")],
      },
    },
    {
      keyword: 'shell injection',
      name: "an image's name with a command is refused",
      quick: true,
      jobs: { 'image-name': isRefused(/is not a valid name|not a valid image/i) },
    },
    {
      keyword: 'shell injection',
      name: "a service's alias is not run",
      quick: true,
      jobs: { 'service-alias': [doesNotSay('somebody ran it')] },
    },
    {
      keyword: 'shell injection',
      name: 'names and paths of artifacts and caches are not run',
      // Older releases run commands in a cache's key themselves.
      since: '15.5',
      jobs: { 'artifact-name': NOBODY_RAN_IT, 'cache-key': NOBODY_RAN_IT },
    },
  ],
};
