import Table from 'cli-table3';
import pc from 'picocolors';
import type { IamReport } from './evaluate-calls.ts';

/** The report as people read it: what would be refused, what nobody used, and a line that sums it up. */
export function renderIamReport({ calls, evaluated, refused, unusedActions }: IamReport): string {
  const head = pc.isColorSupported ? ['bold'] : [];
  const style = { head, border: [] };
  const unused = new Table({
    head: ['role', 'granted, not seen in use', 'why'],
    style,
    colWidths: [28, 34, 60],
    wordWrap: true,
  });
  for (const { role, action, reason } of unusedActions) {
    unused.push([role, action, reason ?? pc.red('no reason is listed')]);
  }
  const refusals = new Table({ head: ['caller', 'call', 'needs', 'on', 'why not'], style });
  for (const { caller, operation, action, resource, why } of refused) {
    refusals.push([caller, operation, action, resource, pc.red(why)]);
  }
  const sum = `${calls} calls, ${evaluated} questions to policies, ${refused.length} refused`;
  return [
    unused.toString(),
    ...(refused.length > 0 ? [refusals.toString()] : []),
    refused.length > 0 ? pc.red(sum) : pc.green(sum),
  ].join('\n');
}
