import { renderCliPage } from './cli-page.ts';
import { renderConstructPage } from './construct-page.ts';
import { renderEventsPage } from './events-page.ts';
import { renderJobVariablesPage } from './job-variables-page.ts';
import { renderFleetPage, renderInstallationPage } from './settings-pages.ts';
import { renderTemplatePage } from './template-page.ts';

/** The reference pages by their path in the repository. */
export const REFERENCE_PAGES: Readonly<Record<string, () => string>> = {
  'docs/reference/cli.md': renderCliPage,
  'docs/reference/fleet-settings.md': renderFleetPage,
  'docs/reference/installation-settings.md': renderInstallationPage,
  'docs/reference/job-variables.md': renderJobVariablesPage,
  'docs/reference/events.md': renderEventsPage,
  'docs/reference/construct.md': renderConstructPage,
  'docs/reference/template.md': renderTemplatePage,
};
