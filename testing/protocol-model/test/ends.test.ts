import { describe } from 'vitest';
import { itHolds } from './support/expect-family.ts';

describe('managers and job tasks that end', () => {
  itHolds({
    'dying managers': 1200,
    'lost managers': 1200,
    'stopped managers': 1000,
    orphans: 1200,
    'hanging managers': 1000,
    lifetimes: 1000,
    'slow starts': 1000,
    'refused token': 1000,
  });
});
