import Table from 'cli-table3';
import pc from 'picocolors';
import type { IamReport } from './evaluate-calls.ts';

/** Renders a report: unused actions, refused calls, and a summary line. */
export function renderIamReport({ calls, evaluated, refused, unusedActions }: IamReport): string {
  const head = pc.isColorSupported ? ['bold'] : [];
  const style = { head, border: [] };
  const unused = new Table({
    head: ['role', 'unused action', 'reason'],
    style,
    colWidths: [28, 34, 60],
    wordWrap: true,
  });
  for (const { role, action, reason } of unusedActions) {
    unused.push([role, action, reason ?? pc.red('no reason is listed')]);
  }
  const refusals = new Table({ head: ['caller', 'call', 'action', 'resource', 'reason'], style });
  for (const { caller, operation, action, resource, why } of refused) {
    refusals.push([caller, operation, action, resource, pc.red(why)]);
  }
  const summary = `${calls} calls, ${evaluated} policy evaluations, ${refused.length} refused`;
  return [
    unused.toString(),
    ...(refused.length > 0 ? [refusals.toString()] : []),
    refused.length > 0 ? pc.red(summary) : pc.green(summary),
  ].join('\n');
}
