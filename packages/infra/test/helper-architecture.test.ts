import { InvalidFleetConfigError } from '@serverless-gitlab-runner/fleet';
import { describe, expect, it } from 'vitest';
import type { FleetProps } from '../src/fleet-props.ts';
import { heldTo, helperArchitecture } from '../src/helper-architecture.ts';

const x86: FleetProps = { name: 'x86' };
const arm: FleetProps = { name: 'arm', job: { architecture: 'ARM64' } };
const both: FleetProps = { name: 'both', job: { architectures: ['X86_64', 'ARM64'] } };

describe('a helper image that is built here', () => {
  it.each([
    ['no fleet says anything', [x86], 'X86_64'],
    ['all jobs run on ARM', [arm, { ...arm, name: 'second' }], 'ARM64'],
  ] as const)('has one architecture when %s', (_when, fleets, architecture) => {
    expect(helperArchitecture(fleets)).toBe(architecture);
  });

  it.each([
    ['fleets differ', [x86, arm]],
    ['a fleet lets its jobs choose', [both]],
  ])('is refused when %s', (_when, fleets) => {
    expect(() => helperArchitecture(fleets)).toThrow(InvalidFleetConfigError);
    expect(() => helperArchitecture(fleets)).toThrow('jobBaseImage');
  });

  it('holds jobs to its architecture, so that none asks for one it could not run on', () => {
    expect(heldTo('X86_64', x86).job).toEqual({ architectures: ['X86_64'] });
    expect(heldTo('ARM64', arm).job).toEqual({ architecture: 'ARM64', architectures: ['ARM64'] });
  });

  it('leaves what a fleet says itself', () => {
    expect(heldTo('X86_64', both).job?.architectures).toEqual(['X86_64', 'ARM64']);
  });
});
