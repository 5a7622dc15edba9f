import { describe } from 'vitest';
import { itHolds } from './support/expect-family.ts';

describe('managers and job tasks that end', () => {
  itHolds({
    'dying managers': 350,
    'lost managers': 350,
    'stopped managers': 300,
    orphans: 350,
    'hanging managers': 300,
    lifetimes: 300,
    'slow starts': 300,
    'refused token': 300,
  });
});
