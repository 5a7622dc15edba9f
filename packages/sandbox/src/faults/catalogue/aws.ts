import { throttled } from '../../fault-proxy/index.ts';
import type { Fault } from '../fault.ts';
import { refusedEntry } from './refused-entry.ts';

/** Nothing happens: what the others are measured against. */
const calm: Fault = {
  name: 'calm',
  title: 'no fault at all, the measure for the others',
  runs: 1,
  async play(stage) {
    stage.addWebhook();
    stage.recovering();
    await stage.queue(3);
  },
};

const busRefusesEntry: Fault = {
  name: 'bus-refuses-entry',
  title: 'PutEvents answers 200 with one entry refused, three times',
  runs: 2,
  async play(stage) {
    stage.addWebhook();
    const rule = stage.aws({
      match: { operation: 'PutEvents', caller: 'webhook-receiver' },
      effect: { kind: 'answer', answer: refusedEntry },
      times: 3,
    });
    await stage.queue(3);
    await stage.taken(rule);
    stage.recovering();
  },
};

const ssmThrottles: Fault = {
  name: 'ssm-throttles',
  title: 'SSM throttles Lambdas and managers, eight calls and then for two seconds',
  runs: 2,
  async play(stage) {
    stage.addWebhook();
    const rule = stage.aws({
      match: { service: 'ssm' },
      effect: { kind: 'answer', answer: throttled },
      times: 4,
    });
    await stage.queue(3);
    await stage.taken(rule);
    stage.recovering();
  },
};

const runTaskAnswerLost: Fault = {
  name: 'run-task-answer-lost',
  title: "the answers of the launcher's and of a manager's RunTask are lost",
  runs: 3,
  async play(stage) {
    stage.addWebhook();
    const rules = ['runner-launcher', 'manager'].map((caller) =>
      stage.aws({
        match: { operation: 'RunTask', caller },
        effect: { kind: 'cut', when: 'after' },
        times: 2,
      }),
    );
    await stage.queue(3);
    await stage.taken(...rules);
    stage.recovering();
  },
};

export const awsFaults: readonly Fault[] = [calm, busRefusesEntry, ssmThrottles, runTaskAnswerLost];
