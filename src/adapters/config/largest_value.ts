/** The parameters and frozen matrices of a trained adapter stay far below this: a file with a larger value is damaged or malicious. */
export const LARGEST_VALUE = 1e4;
