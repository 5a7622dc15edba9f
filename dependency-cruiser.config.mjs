/** Package boundaries: dependencies point one way. `npm run lint` fails on a forbidden import. */

/** What each package may import from the others. Whatever is not listed here is forbidden. */
const mayImport = {
  packages: {
    'shared-events': [],
    fleet: ['shared-events'],
    forecast: [],
    aws: ['fleet', 'shared-events'],
    'webhook-receiver': ['shared-events', 'fleet', 'aws'],
    'runner-launcher': ['shared-events', 'fleet', 'aws'],
    'idle-reaper': ['shared-events', 'fleet', 'aws'],
    'runner-manager': ['shared-events', 'fleet', 'aws', 'forecast'],
    infra: ['shared-events', 'fleet', 'aws'],
    // A simulation is only as good as its decisions, so these are the Lambdas' own, without their handlers and clients.
    simulation: ['fleet', 'aws', 'forecast', 'runner-launcher', 'idle-reaper'],
    cli: ['shared-events', 'fleet', 'aws', 'infra', 'simulation'],
  },
  // What proves the product: nothing that ships imports any of it.
  testing: {
    machine: ['fleet'],
    'aws-emulator': ['fleet', 'shared-events', 'machine'],
    'gitlab-double': [],
    'runner-double': [],
    'fault-proxy': ['fleet'],
    registry: ['machine'],
    'policy-check': ['fleet', 'machine'],
    'protocol-model': ['shared-events', 'fleet', 'aws', 'runner-launcher', 'idle-reaper', 'runner-manager'],
    documentation: ['shared-events', 'fleet', 'infra', 'cli', 'machine'],
    simulator: ['simulation'],
    sandbox: [
      ...['shared-events', 'fleet', 'infra', 'cli'],
      ...['machine', 'aws-emulator', 'gitlab-double', 'fault-proxy', 'policy-check'],
      ...['protocol-model', 'registry', 'simulator'],
    ],
  },
};

/** @param {string} name */
const packagePath = (name) => `^(packages|testing)/${name}/`;

const boundaries = Object.entries(mayImport).flatMap(([folder, packages]) =>
  Object.entries(packages).map(([name, allowed]) => ({
    name: `${name}-boundary`,
    comment: `${folder}/${name} may import ${allowed.length ? allowed.join(', ') : 'no other package'}`,
    severity: 'error',
    from: { path: `^${folder}/${name}/` },
    to: { path: '^(packages|testing|examples)/', pathNot: [name, ...allowed].map(packagePath) },
  })),
);

export default {
  forbidden: [
    ...boundaries,
    {
      name: 'examples-use-the-published-package-only',
      severity: 'error',
      from: { path: '^examples/([^/]+)/' },
      to: { path: '^(packages|testing|examples)/', pathNot: ['^examples/$1/', packagePath('shared-events')] },
    },
    {
      name: 'cli-without-cdk',
      comment:
        'cli: starts at once, and works without the CDK library; it operates installations through infra/operate',
      severity: 'error',
      from: { path: '^packages/cli/' },
      to: { path: '^packages/infra/', pathNot: '^packages/infra/src/operate\\.ts$' },
    },
    {
      name: 'simulation-decides-only',
      comment:
        'simulation: uses the decisions of launcher and reaper, not what calls AWS for them. The published cli contains it, and must not grow by the Lambdas',
      severity: 'error',
      from: { path: '^packages/simulation/src/' },
      to: {
        path: '^packages/(runner-launcher|idle-reaper)/',
        pathNot: '^packages/(runner-launcher|idle-reaper)/src/decisions\\.ts$',
      },
    },
    {
      name: 'a-task-knows-no-job',
      comment:
        'runner-manager: what starts and follows tasks knows nothing of jobs, and what registries are asked neither',
      severity: 'error',
      from: { path: '^packages/runner-manager/src/(task|registry)/' },
      to: { path: '^packages/runner-manager/src/(job|manager)/' },
    },
    {
      name: 'plans-start-nothing',
      comment:
        'runner-manager: reading a request and planning its task know nothing of how the task is started, run and ended',
      severity: 'error',
      from: { path: '^packages/runner-manager/src/job/(request|plan)/' },
      to: { path: '^packages/runner-manager/src/(job/(start|run|end)|manager)/' },
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-deep-imports',
      comment: "another package's src/index.ts is its contract, or what its package.json exports",
      severity: 'error',
      from: { path: '^(packages|testing|examples)/([^/]+)/' },
      to: {
        path: '^(packages|testing)/[^/]+/src/',
        pathNot: [
          '^$1/$2/',
          '^(packages|testing)/[^/]+/src/index\\.ts$',
          '^packages/aws/src/[^/]+/index\\.ts$',
          '^packages/infra/src/operate\\.ts$',
          '^packages/(runner-launcher|idle-reaper)/src/decisions\\.ts$',
          '^packages/cli/src/ui/index\\.ts$',
        ],
      },
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
    // Consumers are compiled outside the repository, with the packages that they install.
    exclude: { path: ['/dist/', '/cdk\\.out/', '/node_modules/', '^testing/registry/consumers/'] },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
