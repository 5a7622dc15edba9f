import type { Suite } from '../conformance-case.ts';
import { doesNotSay, hasArtifacts, says, showsBytes, succeeds, succeedsWith } from '../expectations.ts';

const KUBECONFIG = 'apiVersion: v1\nname: "quoted $NOT_EXPANDED"\n';

export const VARIABLES: Suite = {
  repository: 'variables',
  project: {
    variables: {
      FROM_PROJECT: 'from the project',
      KUBECONFIG: { value: KUBECONFIG, file: true, raw: true },
      LARGE: 'x'.repeat(100_000),
    },
  },
  cases: [
    {
      keyword: 'variables',
      name: "the job's and the project's variables take precedence over the file's",
      quick: true,
      jobs: { precedence: succeedsWith('level job, from the file, from the project') },
    },
    {
      keyword: 'variables',
      name: 'variables in variables, $$, and expand: false',
      jobs: { expansion: succeedsWith('three: one and global', 'costs 5$', 'raw $FIRST stays') },
    },
    {
      keyword: 'variables',
      name: 'newlines, quotes, UTF-8, surrounding spaces, empty values and patterns are passed unchanged',
      jobs: {
        'odd-characters': [
          succeeds(),
          showsBytes(
            '[first\n',
            '[first\nsecond\n]\n[single \' double " back ` slash \\ end]\n[naïve Ελληνικά 日本語 🚀]\n[  two before, two after  ]\n[]\n[* ? [a-z]]\n',
          ),
        ],
      },
    },
    {
      keyword: 'variables',
      name: 'inherit: a list of variables and of defaults',
      jobs: { 'not-inherited': succeedsWith("global is '', level is ''") },
    },
    {
      keyword: 'variables',
      name: 'predefined variables of GitLab are set',
      jobs: {
        predefined: [
          ...succeedsWith(
            'project conformance/variables job predefined stage test branch main',
            'folder is CI_PROJECT_DIR',
            'CI true GITLAB_CI true server yes',
          ),
          (facts) => hasArtifacts({ 'sha.txt': `${facts.job.pipeline.commit.sha}\n` })(facts),
        ],
      },
    },
    {
      keyword: 'variables',
      name: 'a value of 100,000 characters is passed completely',
      jobs: { large: succeedsWith('length 100000') },
    },
    {
      keyword: 'file variables',
      name: 'script and after_script find the file unchanged, also as a non-root user',
      jobs: {
        'file-variable': [succeeds(), showsBytes('apiVersion', KUBECONFIG), says('mode can be read by 0')],
        'file-variable-non-root': [succeeds(), showsBytes('apiVersion', KUBECONFIG)],
      },
    },
    {
      keyword: 'reports:dotenv',
      name: "a job's dotenv report sets variables of later jobs, unless dependencies is []",
      jobs: {
        'make-dotenv': succeedsWith(),
        'use-dotenv': succeedsWith('version 1.2.3, note with spaces and = signs'),
        'not-use-dotenv': succeedsWith("version ''"),
      },
    },
    {
      keyword: 'variables',
      name: 'AWS_REGION and AWS_DEFAULT_REGION are those of the job, not of the fleet',
      jobs: {
        region: succeedsWith('region none, by default none'),
        'own-region': succeedsWith(
          'region none, by default eu-central-1',
          'after in none, by default eu-central-1',
        ),
      },
    },
    {
      keyword: 'parallel',
      name: 'a number of jobs, and a matrix',
      jobs: {
        'parallel 1/2': succeedsWith('part 1 of 2'),
        'parallel 2/2': succeedsWith('part 2 of 2'),
        'matrix: [x86, fast]': succeedsWith('x86 fast'),
        'matrix: [arm, fast]': succeedsWith('arm fast'),
      },
    },
    {
      keyword: 'id_tokens',
      name: 'the job gets the token with its audience, and the log does not show it',
      jobs: {
        'id-token': [
          ...succeedsWith('"aud":"https://vault.example.com"', 'token [MASKED]'),
          doesNotSay('eyJhbGciOiJIUzI1NiIs'),
        ],
      },
    },
  ],
};
