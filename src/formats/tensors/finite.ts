import { WebVeraError } from '../../core/errors/error';

/** The exponent bits of the half-precision types. If all of them are set, the number isn't finite. */
const EXPONENTS = { F16: 0x7c00, BF16: 0x7f80 };

/** Throws `numerical_error` unless all numbers are finite. Half-precision numbers are given as their bits. */
export function expectFinite(
  name: string,
  data: Float32Array | Uint16Array,
  dtype: 'F32' | 'F16' | 'BF16' = 'F32',
): void {
  const exponent = dtype === 'F32' ? 0 : EXPONENTS[dtype];
  const wrong =
    data instanceof Float32Array
      ? data.find((value) => !Number.isFinite(value))
      : data.find((bits) => (bits & exponent) === exponent);
  if (wrong === undefined) return;
  const got = data instanceof Float32Array ? `${wrong}` : 'a half that is none';
  throw new WebVeraError('numerical_error', `${name}: expected finite values, got ${got}`, {
    hint: 'Nothing is saved. Go back to what was saved before, or train with a smaller learning_rate.',
  });
}
