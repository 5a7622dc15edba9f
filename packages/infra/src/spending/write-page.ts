/** `npm run spending` and `npm run cost` (`-w packages/infra`): writes `docs/spending.md` and `docs/cost.md`. */
import { writeFileSync } from 'node:fs';
import { renderCostPage } from './render-cost-page.ts';
import { renderSpendingPage } from './render-page.ts';

const PAGES = { 'spending.md': renderSpendingPage, 'cost.md': renderCostPage };

for (const [name, render] of Object.entries(PAGES))
  writeFileSync(new URL(`../../../../docs/${name}`, import.meta.url), render());
