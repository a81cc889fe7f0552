/** The largest float32, rounded down, for messages. */
export const MOST_FLOAT32 = '3.4e38';

/** Whether a number stays finite in float32, as which the GPU reads it. */
export function fitsFloat32(value: number): boolean {
  return Number.isFinite(Math.fround(value));
}
