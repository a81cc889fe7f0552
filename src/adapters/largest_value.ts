/** No trained vector or projection comes near; a larger value is damage or malice. */
export const LARGEST_VALUE = 1e4;
