import { Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { makeApp, stackOf } from './support/synthesise.ts';

const noticeOf = (fleet: object) =>
  String(
    stackOf('shared', { fleets: [{ name: 'default', ...fleet }] }).findOutputs('LostWebhooksDefault')
      .LostWebhooksDefault?.Value,
  );
const WITH_TOKEN = { gitlabApi: { projects: ['group/project'] } };

describe('a lost webhook', () => {
  it('is not detected by default, and deployment and synthesis explain the consequence', () => {
    const notice = noticeOf({});
    expect(notice).toMatch(
      /^Fleet default does not detect lost webhooks: a job whose webhook was lost waits/,
    );
    expect(notice).toMatch(
      /500 a minute.*up to four.*gitlabApi\.projects.*safetyLaunchSeconds: 1800, at most \$\d\.\d\d a month/,
    );
    const shared = makeApp().node.findChild('serverless-gitlab-runner-shared');
    Annotations.fromStack(Stack.of(shared)).hasInfo(
      '*',
      Match.stringLikeRegexp('does not detect lost webhooks'),
    );
  });

  it('is detected for free with an API token and projects', () => {
    expect(noticeOf(WITH_TOKEN)).toMatch(/asks GitLab every 1800 s.*free$/);
  });

  it('is not detected with a token but no projects: GitLab does not list the jobs that wait for a runner', () => {
    expect(noticeOf({ gitlabApi: {} })).toMatch(/does not detect/);
  });

  it('is detected at a price with safetyLaunchSeconds', () => {
    expect(noticeOf({ safetyLaunchSeconds: 600 })).toMatch(/after 600 s.*at most \$\d\.\d\d a month$/);
    expect(noticeOf({ safetyLaunchSeconds: 0, ...WITH_TOKEN })).toMatch(/does not detect/);
  });
});
