/** Value of a masked variable that every job of the laboratory gets and prints. */
export const MASKED_VALUE = 'planted-masked-value-5b1f0c';
