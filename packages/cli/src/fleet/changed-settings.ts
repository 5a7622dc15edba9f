/** A setting by its path, such as `job.size.cpu`, before and after; undefined: not written, so its default applies. */
export interface ChangedSetting {
  path: string;
  before: unknown;
  after: unknown;
}

type Settings = Readonly<Record<string, unknown>>;

/** What differs between two documents, in the order of their fields. Lists are compared as a whole. */
export function changedSettings(before: Settings, after: Settings, path = ''): ChangedSetting[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => {
    const [one, other] = [before[key], after[key]];
    const here = path === '' ? key : `${path}.${key}`;
    if (isSettings(one) && isSettings(other)) return changedSettings(one, other, here);
    if (JSON.stringify(one) === JSON.stringify(other)) return [];
    return [{ path: here, before: one, after: other }];
  });
}

/**
 * Settings with one value replaced.
 * @param path such as `job.size.cpu`
 * @param value undefined removes it, so that its default applies
 */
export function withSetting(settings: Settings, path: string, value: unknown): Settings {
  const [key = '', ...rest] = path.split('.');
  if (rest.length > 0) {
    const inner = settings[key];
    return { ...settings, [key]: withSetting(isSettings(inner) ? inner : {}, rest.join('.'), value) };
  }
  const { [key]: _, ...others } = settings;
  return value === undefined ? others : { ...settings, [key]: value };
}

function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
