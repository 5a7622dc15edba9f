import { describe } from 'vitest';
import { itHoldsInvariants } from './support/expect-family.ts';

describe('demand and drain marks, without safety launches', () => {
  itHoldsInvariants({ prompt: 450, 'at the drain': 900, 'at the drain, lagging': 600, 'lagging reads': 450 });
});
