import { describe, expect, it } from 'vitest';
import { JobRefusedError } from '../src/errors.ts';
import { refuseLongTexts } from '../src/job/request/refuse-long-texts.ts';
import { type JobSample, jobOf } from './support/job.ts';

function refusalOf(sample: JobSample): readonly string[] {
  try {
    refuseLongTexts(jobOf(sample));
    return [];
  } catch (error) {
    if (error instanceof JobRefusedError) return error.lines;
    throw error;
  }
}

const user = (name: string) => ({ docker: { user: name } });
const x = (count: number) => 'x'.repeat(count);

describe('limits of texts', () => {
  it.each<[string, number, (length: number) => JobSample, string]>([
    ['image', 2048, (n) => ({ image: { name: x(n) } }), 'The image'],
    ['service', 2048, (n) => ({ services: [{ name: x(n) }] }), 'The service'],
    ['alias', 4096, (n) => ({ services: [{ name: 'a', alias: x(n) }] }), 'The alias'],
    [
      'user of the image',
      255,
      (n) => ({ image: { name: 'a', executor_opts: user(x(n)) } }),
      'The user of the image',
    ],
    [
      'user of the image, as the Kubernetes executor takes it',
      255,
      (n) => ({ image: { name: 'a', executor_opts: { kubernetes: { user: x(n) } } } }),
      'The user of the image',
    ],
    [
      'user of a service',
      255,
      (n) => ({ services: [{ name: 'a', executor_opts: user(x(n)) }] }),
      'The user of the service',
    ],
    [
      'platform of the image',
      255,
      (n) => ({ image: { name: 'a', executor_opts: { docker: { platform: x(n) } } } }),
      'The platform of the image',
    ],
  ])('%s: %i characters', (_, most, sample, words) => {
    expect(refusalOf(sample(most))).toEqual([]);
    expect(refusalOf(sample(most + 1))).toEqual([
      `${words} "${x(100)}…" (${most + 1} characters) is too long: at most ${most} characters are allowed.`,
    ]);
  });

  const ofCommands = (parts: number, characters: number) =>
    `The job's entry points and commands have ${parts} arguments with ${characters} characters; at most 1000 arguments with 32768 characters are allowed. Move long ones into a script in the image or the project.`;

  it.each<[string, JobSample, string[]]>([
    ['32,768 characters', { services: [{ name: 'a', command: [x(32_767), 'y'] }] }, []],
    ['more', { services: [{ name: 'a', command: [x(32_767), 'yy'] }] }, [ofCommands(2, 32_769)]],
    [
      'more, in image and service',
      {
        image: { name: 'a', entrypoint: [x(20_000)] },
        services: [{ name: 'a', entrypoint: [x(10_000)], command: [x(5000)] }],
      },
      [ofCommands(3, 35_000)],
    ],
    ['1,000 arguments', { services: [{ name: 'a', command: Array(1000).fill('') }] }, []],
    ['1,001 arguments', { image: { name: 'a', entrypoint: Array(1001).fill('') } }, [ofCommands(1001, 0)]],
  ])('entry points and commands of %s', (_, sample, lines) => {
    expect(refusalOf(sample)).toEqual(lines);
  });

  it.each([
    [8, []],
    [
      9,
      [
        'The job has 9 services, but a Fargate task has room for at most 8 besides the job. Start some of them in the script, or split the job.',
      ],
    ],
  ])('%i services', (count, lines) => {
    expect(refusalOf({ services: Array.from({ length: count }, () => ({ name: 'a' })) })).toEqual(lines);
  });

  it('accepts a job without texts', () => {
    expect(refusalOf({})).toEqual([]);
  });
});
