import { join } from 'node:path';
import { fleetConfigSchema } from '@serverless-gitlab-runner/fleet';
import { installationSettingsSchema } from '@serverless-gitlab-runner/infra/operate';
import { REPOSITORY_ROOT } from '@serverless-gitlab-runner/machine';
import { page, table } from '../markdown.ts';
import { type SettingRow, settingRows } from './schema-rows.ts';

const HEAD = ['setting', 'value', 'default', 'meaning'];
const cells = ({ path, type, default: fallback, comment }: SettingRow) => [
  `\`${path}\``,
  type,
  fallback,
  comment,
];

/** Every setting of a fleet. */
export function renderFleetPage(): string {
  const rows = settingRows({
    schema: fleetConfigSchema,
    path: join(REPOSITORY_ROOT, 'packages/fleet/src/fleet-config.ts'),
    name: 'fleetConfigSchema',
  });
  const introduction = [
    'A fleet is a named kind of runner. Its settings are one JSON document, which the deployment writes to the parameter',
    '`<prefix>/fleets/<fleet>/config` in Parameter Store. Write them as an element of `fleets` among the',
    '[settings of the installation](installation-settings.md); there, `version` and `network` may be left out. Invalid and unknown',
    'settings are rejected before anything is deployed. `sgr init` has flags for the usual ones.',
  ];
  const groups = Map.groupBy(rows, ({ path }) => (isGrouped(path, rows) ? (path.split('.')[0] ?? '') : ''));
  const sections = [...groups].flatMap(([name, group]) => [
    `## ${name === '' ? 'The fleet' : `\`${name}\``}`,
    '',
    ...table(HEAD, group.map(cells)),
    '',
  ]);
  return page('Settings of a fleet', introduction, sections);
}

function isGrouped(path: string, rows: readonly SettingRow[]): boolean {
  const [first = ''] = path.split('.');
  return rows.some((row) => row.path.startsWith(`${first}.`));
}

/** Every setting of the installation. */
export function renderInstallationPage(): string {
  const rows = settingRows({
    schema: installationSettingsSchema,
    path: join(REPOSITORY_ROOT, 'packages/infra/src/app-settings.ts'),
    name: 'settingsSchema',
  });
  const introduction = [
    'Settings of the installation as a whole. With `sgr init`, give them as JSON, or as a file with JSON: `sgr init --settings',
    "settings.json`; from a clone, write them into `cdk.json` under `context`, or pass them as `npm run deploy -- -c 'KEY=VALUE'`.",
    'In a stack of your own they are [properties of the construct](construct.md).',
  ];
  return page('Settings of the installation', introduction, table(HEAD, rows.map(cells)));
}
