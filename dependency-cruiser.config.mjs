/** Package boundaries: dependencies point one way. `npm run lint` fails on a forbidden import. */

/** @param {string} name */
const packagePath = (name) => `^packages/${name}/`;

/** What each package may import from the others. Whatever is not listed here is forbidden. */
const mayImport = {
  'shared-events': [],
  fleet: ['shared-events'],
  'aws-calls': ['shared-events'],
  'ecs-tasks': ['fleet', 'shared-events', 'aws-calls'],
  'webhook-receiver': ['shared-events', 'fleet', 'aws-calls'],
  'runner-launcher': ['shared-events', 'fleet', 'aws-calls', 'ecs-tasks'],
  'idle-reaper': ['shared-events', 'fleet', 'aws-calls', 'ecs-tasks'],
  'fargate-executor': ['shared-events', 'fleet', 'aws-calls', 'ecs-tasks'],
  infra: ['shared-events', 'fleet'],
  'protocol-model': [
    'shared-events',
    'fleet',
    'ecs-tasks',
    'runner-launcher',
    'idle-reaper',
    'fargate-executor',
  ],
  'runner-double': [],
  sandbox: ['shared-events', 'fleet', 'infra'],
};

const boundaries = Object.entries(mayImport).map(([name, allowed]) => ({
  name: `${name}-boundary`,
  comment: `packages/${name} may import ${allowed.length ? allowed.join(', ') : 'no other package'}`,
  severity: 'error',
  from: { path: packagePath(name) },
  to: { path: '^(packages|examples)/', pathNot: [name, ...allowed].map(packagePath) },
}));

export default {
  forbidden: [
    ...boundaries,
    {
      name: 'examples-use-the-published-package-only',
      severity: 'error',
      from: { path: '^examples/([^/]+)/' },
      to: { path: '^(packages|examples)/', pathNot: ['^examples/$1/', packagePath('shared-events')] },
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-deep-imports',
      comment: "another package's src/index.ts is its contract",
      severity: 'error',
      from: { path: '^(packages|examples)/([^/]+)/' },
      to: { path: '^packages/[^/]+/src/', pathNot: ['^$1/$2/', '^packages/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'source-does-not-import-tests',
      severity: 'error',
      from: { path: '/src/' },
      to: { path: '/test/' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['/dist/', '/cdk\\.out/', '/node_modules/'] },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
