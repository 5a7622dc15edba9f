import { describe } from 'vitest';
import { itHoldsInvariants } from './support/expect-family.ts';

describe('ends of managers and job tasks', () => {
  itHoldsInvariants({
    cancelled: 300,
    ahead: 300,
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
