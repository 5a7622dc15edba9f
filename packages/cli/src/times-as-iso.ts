/** For `JSON.stringify`: times are numbers inside the program, and ISO 8601 in JSON. */
export function timesAsIso(key: string, value: unknown): unknown {
  return (key === 'at' || key === 'since') && typeof value === 'number'
    ? new Date(value).toISOString()
    : value;
}
