/** The maximum absolute value of an adapter's parameters and frozen matrices. A file with a larger value is damaged or malicious. */
export const LARGEST_VALUE = 1e4;
