import { describe } from 'vitest';
import { itHolds } from './support/expect-family.ts';

describe('calls that fail and processes that die', () => {
  itHolds({ 'failing calls': 400, 'dying processes': 400, 'lost webhooks': 450, crowd: 200, burst: 100 });
});
