import { beforeAll, describe, expect, it } from 'vitest';
import { evaluateCalls, type IamReport, iamFailures, mergeReports } from '../src/evaluate-calls.ts';
import { renderIamReport } from '../src/render.ts';
import { synthesise } from '../src/synthesise.ts';
import type { Templates } from '../src/template.ts';
import { UNUSED_REASONS } from '../src/unused-reasons.ts';
import { BUS, entry, recordedLike, recording } from './support/recorded.ts';

let templates: Templates;
let report: IamReport;

beforeAll(async () => {
  templates = await synthesise();
  report = await evaluateCalls(recording, templates);
});

describe('the recorded run', () => {
  it('is completely allowed', () => {
    expect(report.refused).toEqual([]);
    expect(report.calls).toBe(recording.calls.reduce((sum, { calls }) => sum + calls, 0));
    expect(report.evaluated).toBeGreaterThan(50);
  });

  it('leaves exactly the actions of the table of reasons unused', () => {
    const table = UNUSED_REASONS.flatMap(({ role, actions, reason }) =>
      actions.map((action) => ({ role, action, reason })),
    );
    const unused = report.unusedActions.map(({ role, action, reason }) => ({ role, action, reason }));
    const order = (rows: { role: string; action: string }[]) => rows.map((row) => JSON.stringify(row)).sort();
    expect(order(unused)).toEqual(order(table));
    expect(iamFailures(report, { isWholeRun: true })).toEqual([]);
  });

  it('contains calls of every program', () => {
    const callers = new Set(recording.calls.map(({ caller }) => caller.replace(/-PT-.*/, '')));
    expect([...callers].sort()).toEqual(['idle-reaper', 'manager', 'runner-launcher', 'webhook-receiver']);
  });
});

describe('reports of two installations', () => {
  it('merge: an action needed by either is used, a call refused to either is refused', async () => {
    const half = { ...recording, calls: recording.calls.slice(0, recording.calls.length / 2) };
    const rest = { ...recording, calls: recording.calls.slice(recording.calls.length / 2) };
    const reports = [await evaluateCalls(half, templates), await evaluateCalls(rest, templates)];
    const merged = mergeReports(reports);
    expect(merged.calls).toBe(report.calls);
    expect(merged.unusedActions).toEqual(report.unusedActions);
    expect(reports.every(({ unusedActions }) => unusedActions.length > report.unusedActions.length)).toBe(
      true,
    );
    const refusal = { caller: 'manager', operation: 'RunTask', action: '', resource: '', why: 'so' };
    expect(mergeReports([merged, { ...report, refused: [refusal] }]).refused).toEqual([refusal]);
  });
});

describe('an unused action', () => {
  it('without a reason is a failure in whole runs only', async () => {
    const calls = recording.calls.filter(({ operation }) => operation !== 'ListTagsForResource');
    const without = await evaluateCalls({ ...recording, calls }, templates);
    expect(iamFailures(without, { isWholeRun: false })).toEqual([]);
    expect(iamFailures(without, { isWholeRun: true })).toEqual([
      'manager: ecs:ListTagsForResource (ReadDrainMark) is granted but unused, and no reason is listed',
    ]);
  });
});

describe('the rendered report', () => {
  it('contains refused calls with their reasons', async () => {
    const call = recordedLike('webhook-receiver', 'PutEvents', { Entries: [entry('default', BUS)] });
    const evaluated = await evaluateCalls({ ...recording, calls: [call] }, templates);
    expect(iamFailures(evaluated, { isWholeRun: false })).toEqual([
      'webhook-receiver PutEvents: events:PutEvents on arn:aws:events:us-east-1:000000000000:event-bus/default: ' +
        'PutEvents grants it on other resources',
    ]);
    expect(renderIamReport(evaluated)).toContain('1 refused');
  });
});
