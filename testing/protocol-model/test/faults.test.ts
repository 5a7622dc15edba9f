import { describe } from 'vitest';
import { itHolds } from './support/expect-family.ts';

describe('calls that fail and processes that die', () => {
  itHolds({ 'failing calls': 1300, 'dying processes': 1300, 'lost webhooks': 1500, crowd: 600, burst: 150 });
});
