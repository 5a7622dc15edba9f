import { describe } from 'vitest';
import { itHoldsInvariants } from './support/expect-family.ts';

describe('failing calls and dying processes', () => {
  itHoldsInvariants({
    'failing calls': 400,
    'dying processes': 400,
    'lost webhooks': 450,
    crowd: 200,
    burst: 100,
  });
});
