/**
 * Maximum bytes of all variables of a service. Linux allows a program 2 MiB for variables and arguments together; the rest is
 * left for the image's own variables and arguments.
 */
export const MAX_ENVIRONMENT_BYTES = 1 << 20;
/** Maximum bytes of one variable with its name: Linux starts no program with a larger one (`MAX_ARG_STRLEN`). */
export const MAX_VARIABLE_BYTES = 131_072;
