import { describe } from 'vitest';
import { itHolds } from './support/expect-family.ts';

describe('the two marks, without help of a safety launch', () => {
  itHolds({ prompt: 1500, 'at the drain': 3000, 'at the drain, lagging': 2000, 'lagging reads': 1500 });
});
