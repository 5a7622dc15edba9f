/** Replaces `$NAME`, `${NAME}` and `${NAME:-default}`, as a shell would in double quotes. */
export function expandEnvironment(text: string, environment: Readonly<Record<string, string>>): string {
  return text.replaceAll(
    /\\([$"\\`])|\$(?:\{([A-Za-z_]\w*)(?::-([^}]*))?\}|([A-Za-z_]\w*))/g,
    (_, escaped?: string, braced?: string, otherwise?: string, plain?: string) => {
      if (escaped !== undefined) return escaped;
      const value = environment[braced ?? plain ?? ''] ?? '';
      return value === '' ? (otherwise ?? '') : value;
    },
  );
}
