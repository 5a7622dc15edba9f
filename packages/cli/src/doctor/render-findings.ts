import { styleText } from 'node:util';
import { wrap } from '../wrap.ts';
import type { Finding } from './finding.ts';

/** Renders findings, the broken ones first. Colours appear on a terminal only. */
export function renderFindings(findings: readonly Finding[], columns: number): string[] {
  if (findings.length === 0)
    return [
      `${styleText('green', 'Nothing is wrong')} between GitLab's webhooks and the jobs' tasks.`,
      'If a job waits: sgr why JOB',
    ];
  const broken = findings.filter(({ severity }) => severity === 'broken');
  const warnings = findings.filter(({ severity }) => severity === 'warning');
  return [...broken, ...warnings]
    .flatMap((finding) => ['', ...renderFinding(finding, columns)])
    .slice(1)
    .concat('', `${count(broken.length, 'problem')}, ${count(warnings.length, 'warning')}.`);
}

function renderFinding({ check, severity, problem, fix }: Finding, columns: number): string[] {
  const mark = severity === 'broken' ? styleText('red', 'broken') : styleText('yellow', 'warning');
  return [`${mark} ${check}`, ...wrap(`${problem}.`, columns, '  '), ...wrap(`→ ${fix}`, columns, '  ')];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
