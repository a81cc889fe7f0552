import { WebVeraError } from '../core/error';

/** Throws `numerical_error` for numbers to be saved, floats or the bits of halves, that aren't all finite. */
export function expectFinite(name: string, data: Float32Array | Uint16Array): void {
  const wrong =
    data instanceof Float32Array ? data.find((value) => !Number.isFinite(value)) : data.find(isInfiniteHalf);
  if (wrong === undefined) return;
  const got = data instanceof Float32Array ? `${wrong}` : 'a half that is none';
  throw new WebVeraError('numerical_error', `${name}: expected finite values, got ${got}`, {
    hint: 'Nothing is saved. Go back to what was saved before, or train with a smaller learning_rate.',
  });
}

function isInfiniteHalf(bits: number): boolean {
  return (bits & 0x7c00) === 0x7c00;
}
