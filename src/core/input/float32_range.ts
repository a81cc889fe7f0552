/** The largest float32, rounded down, for error messages. */
export const MOST_FLOAT32 = '3.4e38';

/** Whether a number stays finite when the GPU reads it as a float32. */
export function fitsFloat32(value: number): boolean {
  return Number.isFinite(Math.fround(value));
}
