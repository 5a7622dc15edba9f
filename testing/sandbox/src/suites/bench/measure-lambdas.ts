import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Log, REPOSITORY_ROOT, runCommand, step } from '@serverless-gitlab-runner/machine';
import { build } from 'esbuild';
import { BUNDLE } from '../../../../../scripts/lambda-bundle.mjs';
import { type Figure, figureOf, limitedFigure, median } from './figure.ts';

const ROUNDS = 15;
const KIB = 1024;
const MB = 1_000_000;

interface LambdaTarget {
  name: string;
  /** The AWS clients that it uses, by package. */
  clients: Readonly<Record<string, string>>;
  /** Of the import time, relative to the clients' alone. */
  importTarget: number;
  /** Of the memory after the import, relative to the clients' alone. Default: none. */
  memoryTarget?: number;
  /** In KiB. Default: none. */
  bundleLimit?: number;
}

const LAMBDAS: readonly LambdaTarget[] = [
  {
    name: 'webhook-receiver',
    clients: { ssm: 'SSMClient', eventbridge: 'EventBridgeClient' },
    importTarget: 0.8,
    memoryTarget: 1.05,
    bundleLimit: 500,
  },
  {
    name: 'runner-launcher',
    clients: { ecs: 'ECSClient', ssm: 'SSMClient', sqs: 'SQSClient', eventbridge: 'EventBridgeClient' },
    importTarget: 1,
  },
  {
    name: 'idle-reaper',
    clients: {
      ecs: 'ECSClient',
      ssm: 'SSMClient',
      eventbridge: 'EventBridgeClient',
      'secrets-manager': 'SecretsManagerClient',
    },
    importTarget: 1,
  },
];

/** What the Lambdas' environments contain; nothing is called during an import. */
const ENVIRONMENT = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  EVENT_BUS_NAME: 'bus',
  CLUSTER: 'cluster',
  PARAMETER_PREFIX: '/serverless-gitlab-runner',
  QUEUE_URL: 'https://sqs.example/queue',
  DEAD_LETTER_QUEUE_URL: 'https://sqs.example/dead',
};

/** What an import took in a new process. */
interface Import {
  milliseconds: number;
  /** Resident memory afterwards, in bytes. */
  memory: number;
}

/** Measures the bundles of the Lambdas against bundles of their AWS clients alone. */
export async function measureLambdas(log: Log): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-bundles-'));
  try {
    return await step(
      log,
      `Import of each Lambda's bundle, ${ROUNDS} times, next to that of its clients`,
      () => measureAll(folder),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureAll(folder: string): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const lambda of LAMBDAS) figures.push(...(await measureLambda(lambda, folder)));
  return figures;
}

async function measureLambda(lambda: LambdaTarget, folder: string): Promise<Figure[]> {
  const { name, importTarget, memoryTarget, bundleLimit } = lambda;
  const own = join(REPOSITORY_ROOT, 'packages', name, 'dist/index.mjs');
  const clients = await bundleClients(lambda, folder);
  const imports: { own: Import; clients: Import }[] = [];
  // Interleaved: the machine's speed changes over time. The first round fills the file cache.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const pair = { own: await importOnce(own), clients: await importOnce(clients) };
    if (round > 0) imports.push(pair);
  }
  const of = (bundle: 'own' | 'clients', quantity: keyof Import) =>
    median(imports.map((pair) => pair[bundle][quantity]));
  return [
    figureOf({
      figure: `${name}: import, to a bundle of its AWS clients alone`,
      unit: 'ms',
      value: of('own', 'milliseconds'),
      baseline: of('clients', 'milliseconds'),
      target: importTarget,
    }),
    figureOf({
      figure: `${name}: memory after the import, to a bundle of its AWS clients alone`,
      unit: 'MB',
      value: of('own', 'memory') / MB,
      baseline: of('clients', 'memory') / MB,
      ...(memoryTarget === undefined ? {} : { target: memoryTarget }),
    }),
    ...(bundleLimit === undefined
      ? []
      : [
          limitedFigure({
            figure: `${name}: size of the bundle, to its limit`,
            unit: 'KiB',
            value: statSync(own).size / KIB,
            limit: bundleLimit,
          }),
        ]),
  ];
}

/** Bundles the clients as they are published, created as a Lambda does at its import. */
async function bundleClients({ name, clients }: LambdaTarget, folder: string): Promise<string> {
  const outfile = join(folder, `${name}-clients.mjs`);
  const imports = Object.entries(clients).map(
    ([service, client]) => `import { ${client} } from '@aws-sdk/client-${service}';`,
  );
  const created = Object.values(clients).map((client) => `new ${client}({})`);
  await build({
    ...BUNDLE,
    outfile,
    stdin: {
      contents: `${imports.join('\n')}\nexport const clients = [${created.join(', ')}];`,
      resolveDir: join(REPOSITORY_ROOT, 'packages', name),
    },
  });
  return outfile;
}

async function importOnce(file: string): Promise<Import> {
  const url = JSON.stringify(pathToFileURL(file).href);
  const script =
    `const start = performance.now(); await import(${url});` +
    'console.log(performance.now() - start, process.memoryUsage().rss);';
  const output = await runCommand(process.execPath, ['--input-type=module', '--eval', script], {
    env: ENVIRONMENT,
  });
  const [milliseconds, memory] = output.trim().split(' ').map(Number);
  if (milliseconds === undefined || memory === undefined) throw new Error(`unexpected output: ${output}`);
  return { milliseconds, memory };
}
