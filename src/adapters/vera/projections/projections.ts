import { WebVeraError } from '../../../core/errors/error';
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from '../../../core/numbers/float16';
import { Mt19937 } from '../../../core/numbers/mt19937';
import { fillUniform } from '../../../core/numbers/torch_uniform';
import type { ProjectionDtype } from '../../../core/types/model';

/** The seed and the sizes that determine `vera_A` and `vera_B`. */
export interface ProjectionKey {
  readonly projection_prng_key: number;
  readonly r: number;
  /** The number of A's columns, at least the largest in_features of the wrapped modules. `max_out` is the number of B's rows. */
  readonly max_in: number;
  readonly max_out: number;
}

/** The frozen matrices that all wrapped modules share: each uses the first columns of A and the first rows of B. Row-major. */
export interface Projections {
  /** (r, max_in) */
  readonly A: Float32Array<ArrayBuffer>;
  /** (max_out, r) */
  readonly B: Float32Array<ArrayBuffer>;
}

/** The maximum number of values in a matrix (2 GiB), so that a malicious configuration can't cause larger allocations. */
const MAX_VALUES = 2 ** 29;

/**
 * Draws `vera_A` and `vera_B` with the same bytes as PEFT on a CPU: first A, then B from the same generator.
 *
 * `fused`: as in `fillUniform`.
 *
 * Throws `invalid_argument` for sizes that are not positive integers, and `limit_exceeded` for more than 2^29 values in a matrix.
 */
export function generateProjections(
  { projection_prng_key, r, max_in, max_out }: ProjectionKey,
  { fused = true }: { readonly fused?: boolean } = {},
): Projections {
  for (const [name, size] of Object.entries({ r, max_in, max_out })) {
    if (!Number.isSafeInteger(size) || size <= 0) {
      throw new WebVeraError('invalid_argument', `${name}: expected a positive integer, got ${size}`);
    }
  }
  if (r * Math.max(max_in, max_out) > MAX_VALUES) {
    throw new WebVeraError('limit_exceeded', `vera_A (${r}, ${max_in}) or vera_B (${max_out}, ${r}) is above 2 GiB`, {
      hint: 'Use a smaller r, or target modules with fewer features.',
      detail: { r, max_in, max_out },
    });
  }
  const generator = new Mt19937(projection_prng_key);
  const A = new Float32Array(r * max_in);
  const B = new Float32Array(max_out * r);
  fillUniform(A, generator, boundOf(max_in), fused);
  fillUniform(B, generator, boundOf(r), fused);
  return { A, B };
}

/** Returns the bound b of Kaiming's uniform distribution U(-b, b) with gain sqrt(2): b = sqrt(3) * sqrt(2) / sqrt(fan). */
function boundOf(fan: number): number {
  return Math.sqrt(3) * (Math.SQRT2 / Math.sqrt(fan));
}

/**
 * Returns the matrices with which PEFT computes if the base model is stored in half precision: rounded to that type (to nearest, ties to
 * even) and widened to float32 again. For 'float32', returns the given matrices; otherwise, returns new matrices.
 */
export function roundProjections(projections: Projections, dtype: ProjectionDtype): Projections {
  if (dtype === 'float32') return projections;
  const round = (values: Float32Array) =>
    dtype === 'float16' ? f16ToF32(f32ToF16(values)) : bf16ToF32(f32ToBf16(values));
  return { A: round(projections.A), B: round(projections.B) };
}

/**
 * Returns the dtype to which the matrices of `key` must be rounded to equal the given ones; undefined if there is none. PEFT up to 0.20.0
 * ignores matrices in a file and draws its own, so for a file with other matrices it computes different results.
 */
export function roundingOf({ A, B }: Projections, key: ProjectionKey): ProjectionDtype | undefined {
  const drawn = generateProjections(key);
  return (['float32', 'float16', 'bfloat16'] as const).find((dtype) => {
    const expected = roundProjections(drawn, dtype);
    return equal(expected.A, A) && equal(expected.B, B);
  });
}

function equal(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
