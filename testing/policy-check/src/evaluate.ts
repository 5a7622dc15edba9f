/** `node testing/policy-check/src/evaluate.ts [reports/aws-calls.json]` writes `reports/iam.json` and prints it as a table. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { REPORTS, writeReport } from '@serverless-gitlab-runner/machine';
import { parseOptions } from '../../../scripts/cli/parse-options.mjs';
import { evaluateRecordings, iamFailures } from './evaluate-calls.ts';
import { parseRecordings } from './recording.ts';
import { renderIamReport } from './render.ts';
import { synthesise } from './synthesise.ts';

const { positionals } = parseOptions(process.argv.slice(2), {}, { positionals: true });
const file = positionals[0] ?? join(REPORTS, 'aws-calls.json');
const recordings = parseRecordings(readFileSync(file, 'utf8'));
const report = await evaluateRecordings(recordings, await synthesise());
writeReport('iam.json', report);
console.log(renderIamReport(report));
const failures = iamFailures(report, { isWholeRun: true });
for (const failure of failures) console.error(failure);
process.exitCode = failures.length === 0 ? 0 : 1;
