/**
 * The most bytes of a service's variables. Linux starts no program whose variables and arguments come to more than 2 MiB;
 * the image's own variables and its arguments need some of it.
 */
export const LARGEST_ENVIRONMENT_BYTES = 1 << 20;
/** Bytes of one variable with its name, from which on Linux starts no program (`MAX_ARG_STRLEN`). */
export const LARGEST_VARIABLE_BYTES = 131_072;
