import { describe, expect, it } from 'vitest';
import type { RegistryAccess } from '../src/job/plan/plan-registry-logins.ts';
import { planServicePrograms } from '../src/job/plan/plan-service-programs.ts';
import type { ServiceShape } from '../src/task/task-shape.ts';
import { fleetOf } from './support/fleet.ts';
import { jobOf } from './support/job.ts';

const login: RegistryAccess = { kind: 'login', username: 'u', password: 'p' };

function planned(service: Partial<ServiceShape>) {
  const shape = { container: 'svc-0', image: 'registry.example.com/db:1', ...service };
  const fleet = fleetOf({ job: { imageConfigRegistries: ['registry.example.com'] } });
  return planServicePrograms(jobOf(), fleet, [shape], new Map([[shape.image, login]])).get('svc-0');
}

describe('what a service starts', () => {
  it.each<[string, Partial<ServiceShape>, string[]]>([
    ['the entry point alone', { entryPoint: ['/e', '-x'] }, ['/e', '-x']],
    ['entry point and command', { entryPoint: ['/e'], command: ['c'] }, ['/e', 'c']],
    ['the command without the entry point', { entryPoint: [''], command: ['c'] }, ['c']],
    ['an entry point that only begins with nothing', { entryPoint: ['', '/e'] }, ['', '/e']],
  ])('is known if the job gives %s', (_, service, program) => {
    expect(planned(service)).toEqual({ kind: 'known', program });
  });

  it('is refused if there is nothing to start', () => {
    expect(() => planned({ entryPoint: [''] })).toThrow(
      expect.objectContaining({
        lines: [
          'The service registry.example.com/db:1 has the entry point [""] and no command, so it has nothing to run: set its `command:`.',
        ],
      }),
    );
  });

  it.each([{}, { command: ['c'] }])(
    'is in the registry where that may be asked, with its login: %j',
    (service) => {
      expect(planned(service)).toEqual({
        kind: 'in-registry',
        source: expect.objectContaining({ registry: 'registry.example.com' }),
        access: login,
      });
    },
  );

  it('is unknown if the registry may not be contacted', () => {
    expect(planned({ image: 'other.example.com/db:1' })).toEqual({
      kind: 'unknown',
      reason:
        'this fleet does not read image configurations from other.example.com (job.imageConfigRegistries)',
    });
  });
});
