/** Expands `$NAME`, `${NAME}` and `${NAME:-default}` like a shell in double quotes. */
export function expandEnvironment(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replaceAll(
    /\\([$"\\`])|\$(?:\{([A-Za-z_]\w*)(?::-([^}]*))?\}|([A-Za-z_]\w*))/g,
    (_, escaped?: string, braced?: string, fallback?: string, plain?: string) => {
      if (escaped !== undefined) return escaped;
      const value = environment[braced ?? plain ?? ''] ?? '';
      return value === '' ? (fallback ?? '') : value;
    },
  );
}
