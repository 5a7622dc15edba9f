import { BASE_LOG_FIELDS, DECIDED_JOB_FIELDS, JOB_ENDS, LOG_LINES } from '@serverless-gitlab-runner/fleet';
import type { Template } from 'aws-cdk-lib/assertions';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { LAUNCH_FAILURE_REASONS } from '../src/constructs/metrics.ts';
import { matches, valueAt } from './support/filter-pattern.ts';
import { textOf } from './support/resolve.ts';
import { stackOf, synthesise } from './support/synthesise.ts';

const FLEETS = ['default', 'linux-arm'];
const fleets = FLEETS.map((name) => ({ name }));
let templates: Record<string, Template>;
beforeAll(() => {
  templates = synthesise({ fleets });
});

interface Filter {
  pattern: string;
  metric: string;
  value: string;
  dimensions: { Key: string; Value: string }[];
  hasDefault: boolean;
}

function filtersOf(all: Record<string, Template>): Filter[] {
  return Object.values(all).flatMap((template) =>
    Object.values(template.findResources('AWS::Logs::MetricFilter')).map(({ Properties }) => {
      const [transformation] = Properties.MetricTransformations;
      return {
        pattern: Properties.FilterPattern,
        metric: transformation.MetricName,
        value: transformation.MetricValue,
        dimensions: transformation.Dimensions ?? [],
        hasDefault: 'DefaultValue' in transformation,
      };
    }),
  );
}

/** Every line with these fields, in each combination of services and messages. */
const linesWith = (fields: object): object[] =>
  Object.entries(LOG_LINES).flatMap(([service, lines]) =>
    Object.keys(lines).map((message) => ({ service, message, ...fields })),
  );

const numbers = { queuedToScriptSeconds: 40.5, launches: 1, managers: 1, jobTasks: 2, statusCode: 401 };

describe('metrics', () => {
  it('are few, all in one namespace', () => {
    const names = new Set(filtersOf(templates).map(({ metric }) => metric));
    expect([...names].toSorted()).toEqual([
      'JobsEnded',
      'LaunchFailures',
      'ManagersLaunched',
      'QueuedToScript',
      'RefusedTokens',
      'RejectedWebhooks',
      'RunningJobTasks',
      'RunningManagers',
    ]);
  });

  it('have no value while nothing happens', () => {
    const idle = linesWith({ managers: 0, jobTasks: 0, launches: 0, statusCode: 202 });
    for (const { metric, pattern, hasDefault, dimensions } of filtersOf(templates)) {
      expect(hasDefault, metric).toBe(false);
      // A line with an end or a failure is no idle line.
      if (dimensions.length === 0)
        expect(
          idle.filter((line) => matches(pattern, line)),
          metric,
        ).toEqual([]);
    }
  });

  it('read only fields and messages that the services log', () => {
    for (const { pattern, value, dimensions } of filtersOf(templates)) {
      const [, service] = /service = "([\w-]+)"/.exec(pattern) ?? [];
      const [, message] = /message = "([\w ]+)"/.exec(pattern) ?? [];
      const selectors = [pattern, value, ...dimensions.map(({ Value }) => Value)]
        .flatMap((text) => [...text.matchAll(/\$\.(\w+)/g)])
        .map(([, field]) => field);
      const known = Object.entries(LOG_LINES)
        .filter(([name]) => service === undefined || name === service)
        .flatMap(([, lines]) => Object.entries<readonly string[]>(lines))
        .filter(([name]) => message === undefined || name === message)
        .flatMap(([, fields]) => fields);
      expect(known.length).toBeGreaterThan(0);
      expect([...BASE_LOG_FIELDS, ...known]).toEqual(expect.arrayContaining(selectors));
    }
  });
});

describe('a dimension', () => {
  const allowed: Record<string, readonly string[]> = {
    Fleet: FLEETS,
    End: JOB_ENDS,
    Reason: LAUNCH_FAILURE_REASONS,
  };
  const valuesOf = (line: object) =>
    filtersOf(templates).flatMap(({ pattern, dimensions }) =>
      matches(pattern, line) ? dimensions.map(({ Key, Value }) => [Key, valueAt(line, Value)] as const) : [],
    );

  it('has the values that the services log', () => {
    for (const [name, values] of Object.entries(allowed))
      for (const value of values) {
        const lines = linesWith({ fleet: value, end: value, failure: { reason: value }, ...numbers });
        const found = lines.flatMap(valuesOf).filter(([key]) => key === name);
        expect(found, `${name} ${value}`).toContainEqual([name, value]);
      }
  });

  it('has no other value, whatever a line of a hostile job or webhook says', () => {
    const text = fc.oneof(
      fc.string(),
      fc
        .constantFrom(...FLEETS, ...JOB_ENDS)
        .chain((known) => fc.string({ minLength: 1 }).map((more) => known + more)),
      fc.constantFrom('*', '" || $.end = "', 'default"', '__proto__'),
      fc.integer().map(String),
    );
    const hostile = fc.record({ fleet: text, end: text, failure: fc.record({ reason: text }) });
    fc.assert(
      fc.property(hostile, (fields) => {
        for (const [name, value] of linesWith({ ...fields, ...numbers }).flatMap(valuesOf))
          expect(allowed[name]).toContain(value);
      }),
    );
  });

  it('of fleets names each fleet in one filter, however many and long they are', () => {
    const many = Array.from({ length: 32 }, (_, index) => ({
      name: `fleet-${'x'.repeat(20)}-${index + 10}`,
    }));
    const filters = filtersOf({ shared: stackOf('shared', { fleets: many }) }).filter(
      ({ metric }) => metric === 'QueuedToScript',
    );
    expect(filters.length).toBeGreaterThan(1);
    for (const { pattern } of filters) expect(pattern.length).toBeLessThanOrEqual(1024);
    for (const { name } of many) {
      const line = { service: 'runner-manager', message: 'script started', fleet: name, ...numbers };
      expect(filters.filter(({ pattern }) => matches(pattern, line))).toHaveLength(1);
    }
  });
});

describe('a saved query', () => {
  const queries = () =>
    Object.values(stackOf('shared', { fleets }).findResources('AWS::Logs::QueryDefinition')).map(
      ({ Properties }) => ({
        name: String(Properties.Name),
        query: String(Properties.QueryString),
        groups: Properties.LogGroupNames as unknown[],
      }),
    );

  it('exists for each question, over every log group', () => {
    expect(
      queries()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual([
      'serverless-gitlab-runner/one job from webhook to end',
      'serverless-gitlab-runner/slowest starts',
      'serverless-gitlab-runner/warnings and errors',
      'serverless-gitlab-runner/why jobs wait',
    ]);
    const made = Object.values(templates).flatMap((template) =>
      Object.values(template.findResources('AWS::Logs::LogGroup')).map(
        ({ Properties }) => Properties.LogGroupName,
      ),
    );
    expect(made).toHaveLength(6);
    for (const { groups } of queries()) expect(groups.toSorted()).toEqual(made.toSorted());
  });

  it('reads only fields that the services log', () => {
    const logged = Object.values(LOG_LINES).flatMap((lines) =>
      Object.values<readonly string[]>(lines).flat(),
    );
    const known = new Set(['@timestamp', '@message', ...BASE_LOG_FIELDS, ...logged]);
    for (const { name, query } of queries())
      expect(
        fieldsRead(query).filter((field) => !known.has(field)),
        name,
      ).toEqual([]);
  });

  it('would be found to read a field that nobody logs', () => {
    expect(
      fieldsRead('filter queuedSecs > 1 | parse @message /(?<x>.)/ | stats max(x) as y by fleet | sort y'),
    ).toEqual(['queuedSecs', '@message', 'fleet']);
  });

  it('finds what was decided about one job among those of its batch', () => {
    const query = queries().find(({ name }) => name.endsWith('one job from webhook to end'))?.query ?? '';
    const [, filter = '', parse = ''] = /like \/(.+?)\/\n\| parse @message \/(.+)\/\n/.exec(query) ?? [];
    const entry = (jobId: number, outcome: string) =>
      Object.fromEntries(
        DECIDED_JOB_FIELDS.map((field) => [
          field,
          { jobId, fleet: 'default', eventId: `e${jobId}`, outcome }[field],
        ]),
      );
    const line = (...jobs: object[]) => JSON.stringify({ message: 'jobs decided', jobs });
    const batch = line(entry(47, 'job-runs'), entry(4711, 'retry: at-maximum'), entry(47_110, 'job-runs'));
    expect(new RegExp(filter).test(batch)).toBe(true);
    expect(new RegExp(filter).test(line(entry(47, 'job-runs'), entry(47_110, 'job-runs')))).toBe(false);
    expect(new RegExp(filter).test('{"level":"INFO","jobId":4711}')).toBe(true);
    expect(new RegExp(parse).exec(batch)?.groups).toMatchObject({
      decidedeventId: 'e4711',
      decidedoutcome: 'retry: at-maximum',
    });
  });
});

const WORDS = new Set(
  'fields filter parse display sort limit stats by as asc desc and or in like max latest'.split(' '),
);

/** Names of the fields that a query reads, without those that it makes itself; `failure.reason` counts as `failure`. */
function fieldsRead(query: string): string[] {
  const made = new Set([
    ...[...query.matchAll(/\(\?<(\w+)>/g)].map(([, name = '']) => name),
    ...[...query.matchAll(/ as (\w+)/g)].map(([, name = '']) => name),
  ]);
  const code = query.replaceAll(/^#.*$/gm, '').replaceAll(/"[^"\n]*"(?![^|]*\/\n)|\/.+?\/(?=\s|$)/g, ' ');
  const names = [...code.matchAll(/@?[A-Za-z_][\w.]*/g)].map(([name]) => name.split('.')[0] ?? name);
  return names.filter((name) => !WORDS.has(name) && !made.has(name));
}

describe('the dashboard', () => {
  const body = (context = {}) => {
    const [dashboard] = Object.values(stackOf('shared', context).findResources('AWS::CloudWatch::Dashboard'));
    return dashboard && textOf(dashboard.Properties.DashboardBody);
  };

  it('shows every alarm, by its name', () => {
    const all = synthesise({ fleets, cache: {} });
    const made = Object.values(all).flatMap((template) =>
      Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(
        ({ Properties }) => Properties.AlarmName,
      ),
    );
    expect(made).toHaveLength(12);
    const shown = new Set(
      [...(body({ fleets, cache: {} }) ?? '').matchAll(/:alarm:([\w-]+)/g)].map(([, name]) => name),
    );
    expect([...shown].toSorted()).toEqual(made.toSorted());
  });

  it('shows every metric that a filter makes, and names the commands to run', () => {
    const shown = body({ fleets }) ?? '';
    for (const { metric } of filtersOf(templates)) {
      // An alarm shows its own metric.
      if (metric !== 'RefusedTokens') expect(shown).toContain(metric);
    }
    expect(shown).toContain('npx sgr doctor');
    expect(shown).toContain('npx sgr why JOB');
    const { widgets } = JSON.parse(shown);
    expect(widgets.map(({ type }: { type: string }) => type)).toEqual([
      ...['text', 'alarm'],
      ...Array.from({ length: 8 }, () => 'metric'),
    ]);
  });

  it('has at most the 50 metrics that a free dashboard may have, whatever the number of fleets', () => {
    const many = Array.from({ length: 32 }, (_, index) => ({ name: `fleet-${index}` }));
    const { widgets } = JSON.parse(body({ fleets: many }) ?? '');
    const metrics = widgets.flatMap(
      ({ properties }: { properties: { metrics?: unknown[] } }) => properties.metrics ?? [],
    );
    expect(metrics.length).toBeGreaterThan(15);
    expect(metrics.length).toBeLessThanOrEqual(40);
  });

  it('is left out on request', () => {
    expect(body({ dashboard: 'false' })).toBeUndefined();
  });
});
