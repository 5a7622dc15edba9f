import { describe, expect, it } from 'vitest';
import { fleetsOf, type ListedParameter } from '../src/index.ts';

const network = { subnets: ['subnet-1'], managerSecurityGroups: ['sg-m'], jobSecurityGroups: ['sg-j'] };

function document(fleet: string, name = fleet): ListedParameter {
  return { Name: `/p/fleets/${fleet}/config`, Value: JSON.stringify({ version: 1, name, network }) };
}

describe('the fleets of a listing', () => {
  it('have a configuration, and the times at which their parameters were written', () => {
    const fleets = fleetsOf('/p', [
      { Name: '/p/fleets/blue/api-token', Value: 'encrypted' },
      { ...document('blue'), LastModifiedDate: new Date(1000) },
      { Name: '/p/fleets/blue/runner-tokens/abc', Value: 'encrypted', LastModifiedDate: new Date(2000) },
    ]);
    expect(fleets).toEqual([
      {
        name: 'blue',
        config: expect.objectContaining({ name: 'blue', gitlabUrl: 'https://gitlab.com' }),
        writtenAt: 1000,
        certificateAuthorities: undefined,
        otherParameters: new Map([
          ['/p/fleets/blue/api-token', undefined],
          ['/p/fleets/blue/runner-tokens/abc', 2000],
        ]),
      },
    ]);
    expect(JSON.stringify(fleets)).not.toContain('encrypted');
  });

  it('have the certificates of the authorities of their own GitLab', () => {
    const fleets = fleetsOf('/p', [
      document('blue'),
      { Name: '/p/fleets/blue/ca', Value: 'certificates' },
      document('red'),
    ]);
    expect(fleets.map(({ certificateAuthorities }) => certificateAuthorities)).toEqual([
      'certificates',
      undefined,
    ]);
  });

  it('stand in the order of their documents, each with its own parameters', () => {
    const fleets = fleetsOf('/p', [
      document('red'),
      { Name: '/p/fleets/blue/runner-token' },
      document('blue'),
      { Name: '/p/fleets/blue-2/runner-token' },
      { Name: '/p/fleets/red/runner-token' },
      { Name: '/x/fleets/red/api-token' },
    ]);
    expect(fleets.map(({ name, otherParameters }) => [name, ...otherParameters.keys()])).toEqual([
      ['red', '/p/fleets/red/runner-token'],
      ['blue', '/p/fleets/blue/runner-token'],
    ]);
  });

  it.each<[string, ListedParameter, string]>([
    ['not JSON', { ...document('blue'), Value: '{' }, '/p/fleets/blue/config is not JSON'],
    ['missing', { Name: '/p/fleets/blue/config' }, '/p/fleets/blue/config is not JSON'],
    ['refused by the schema', { ...document('blue'), Value: '{}' }, '/p/fleets/blue/config: '],
    ['that of another fleet', document('blue', 'green'), 'its name is "green"'],
  ])('have a problem where the document is %s', (_, invalid, problem) => {
    const [blue, red] = fleetsOf('/p', [invalid, document('red')]);
    expect(blue).toMatchObject({ name: 'blue', problem: expect.stringContaining(problem) });
    expect(blue).not.toHaveProperty('config');
    expect(red).toMatchObject({ name: 'red', config: { name: 'red' } });
  });

  it.each([
    '/p/fleets/blue/runner-token',
    '/p/fleets/blue/more/config',
    '/p/fleets/BLUE/config',
    '/q/fleets/blue/config',
    undefined,
  ])('do not include %s', (Name) => {
    expect(fleetsOf('/p', [{ ...document('blue'), Name }])).toEqual([]);
  });
});
