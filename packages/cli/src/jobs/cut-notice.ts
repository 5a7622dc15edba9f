/** Printed if the logs have more than is read. */
export const CUT = 'The logs have more than is read, so the newest jobs are missing: choose a shorter time.';
