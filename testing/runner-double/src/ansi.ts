/** Terminal sequences as used by the real runner and GitLab's log viewer. */
export const ANSI = {
  boldRed: '\u001b[31;1m',
  boldGreen: '\u001b[32;1m',
  boldYellow: '\u001b[33;1m',
  boldCyan: '\u001b[36;1m',
  boldWhite: '\u001b[37;1m',
  yellow: '\u001b[0;33m',
  reset: '\u001b[0;m',
  clear: '\u001b[0K',
} as const;
