/** The parts of a comma-separated list, without spaces around them, and without empty ones. */
export function commaSeparated(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
