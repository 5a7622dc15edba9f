import { describe } from 'vitest';
import { itHolds } from './support/expect-family.ts';

describe('the two marks, without help of a safety launch', () => {
  itHolds({ prompt: 450, 'at the drain': 900, 'at the drain, lagging': 600, 'lagging reads': 450 });
});
