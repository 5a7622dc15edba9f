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

describe('a job whose webhook was lost', () => {
  it('is not looked for unless that is free or asked for, and deployment and synthesis say what that gives up', () => {
    const notice = noticeOf({});
    expect(notice).toMatch(/^Fleet default does not look for jobs whose webhook was lost/);
    expect(notice).toMatch(
      /500 a minute.*up to four.*gitlabApi\.projects.*safetyLaunchSeconds: 1800, at most \$\d\.\d\d a month/,
    );
    const shared = makeApp().node.findChild('serverless-gitlab-runner-shared');
    Annotations.fromStack(Stack.of(shared)).hasInfo('*', Match.stringLikeRegexp('does not look for jobs'));
  });

  it('is looked for at no cost with an API token and projects', () => {
    expect(noticeOf(WITH_TOKEN)).toMatch(/asks GitLab every 1800 s.*free$/);
  });

  it('is not with a token that has no projects: GitLab has no list of what waits for a runner', () => {
    expect(noticeOf({ gitlabApi: {} })).toMatch(/does not look/);
  });

  it('is looked for at a price where that was asked for', () => {
    expect(noticeOf({ safetyLaunchSeconds: 600 })).toMatch(/after 600 s.*at most \$\d\.\d\d a month$/);
    expect(noticeOf({ safetyLaunchSeconds: 0, ...WITH_TOKEN })).toMatch(/does not look/);
  });
});
