/** `npm run spending -w packages/infra`: writes `docs/spending.md`. */
import { writeFileSync } from 'node:fs';
import { renderSpendingPage } from './render-page.ts';

writeFileSync(new URL('../../../../docs/spending.md', import.meta.url), renderSpendingPage());
