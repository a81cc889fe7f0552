import type { Breather } from '../../../core/async/breather';

/** A matrix in float64, stored column by column. */
type Columns = readonly Float64Array[];

/**
 * A matrix as the product Q·R. Q has orthonormal columns, and zeros in place of columns that depend on earlier ones. R (n, n) is stored by
 * columns.
 */
interface Factors {
  readonly q: Columns;
  readonly r: Columns;
}

/** Relative norm below which a column counts as linearly dependent on earlier ones. */
const DEPENDENT = 1e-12;
/** Rotations stop when the cosine between any two columns is at most this. */
const ORTHOGONAL = 1e-15;
const MOST_SWEEPS = 40;

/**
 * Computes the best approximation of left·rightᵀ by a matrix of rank `rank`, equal to that of torch's `svd` except for signs. Returns U·S
 * (rows, rank) and V (columns, rank), both by columns. All values are float64; `left` and `right` have the same number of columns. Yields
 * to the event loop, because n columns of m numbers take about 4·n²·m + 40·n³ multiply-adds.
 */
export async function truncatedProduct(
  left: Columns,
  right: Columns,
  rank: number,
  breather: Breather,
): Promise<{ readonly us: readonly Float64Array[]; readonly v: readonly Float64Array[] }> {
  const [one, two] = [await orthonormal(left, breather), await orthonormal(right, breather)];
  const n = left.length;
  // R1·R2ᵀ, by columns
  const core = Array.from({ length: n }, (_, column) =>
    combine(
      one.r,
      two.r.map((of) => of[column] ?? 0),
    ),
  );
  const { scaled, rotation } = await jacobi(core, breather);
  const lengths = scaled.map((column) => Math.sqrt(dot(column, column)));
  const order = lengths.map((_, index) => index).sort((a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0));
  const kept = order.slice(0, rank);
  const none = (columns: Columns): Float64Array[] =>
    Array.from({ length: Math.max(0, rank - n) }, () => new Float64Array(columns[0]?.length ?? 0));
  const us = kept.map((index) => combine(one.q, scaled[index] ?? []));
  const v = kept.map((index) => combine(two.q, rotation[index] ?? []));
  return { us: [...us, ...none(left)], v: [...v, ...none(right)] };
}

/** Computes the factors by Gram–Schmidt. Each column is made orthogonal twice, because rounding leaves an error after the first time. */
async function orthonormal(columns: Columns, breather: Breather): Promise<Factors> {
  const q: Float64Array[] = [];
  const r: Float64Array[] = [];
  for (const column of columns) {
    await breather.breathe();
    const rest = column.slice();
    const factors = new Float64Array(columns.length);
    for (let pass = 0; pass < 2; pass++) {
      q.forEach((other, index) => {
        const share = dot(other, rest);
        factors[index] = (factors[index] ?? 0) + share;
        addTo(rest, other, -share);
      });
    }
    const length = Math.sqrt(dot(rest, rest));
    const isDependent = length <= DEPENDENT * Math.sqrt(dot(column, column));
    factors[q.length] = isDependent ? 0 : length;
    q.push(rest.map((value) => (isDependent ? 0 : value / length)));
    r.push(factors);
  }
  return { q, r };
}

/** One-sided Jacobi: rotates the columns until they are orthogonal. Returns `scaled` = core · `rotation`. */
async function jacobi(
  core: Columns,
  breather: Breather,
): Promise<{ readonly scaled: Columns; readonly rotation: Columns }> {
  const n = core.length;
  const scaled = core.map((column) => column.slice());
  const rotation = Array.from({ length: n }, (_, index) => {
    const unit = new Float64Array(n);
    unit[index] = 1;
    return unit;
  });
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let rotated = false;
    for (let i = 0; i < n; i++) {
      await breather.breathe();
      for (let j = i + 1; j < n; j++) {
        const angle = angleOf(scaled[i] ?? new Float64Array(), scaled[j] ?? new Float64Array());
        if (angle === undefined) continue;
        rotated = true;
        rotate(scaled, i, j, angle);
        rotate(rotation, i, j, angle);
      }
    }
    if (!rotated) break;
  }
  return { scaled, rotation };
}

interface Angle {
  readonly cosine: number;
  readonly sine: number;
}

/** Returns the rotation that makes two columns orthogonal; undefined if they already are. */
function angleOf(a: Float64Array, b: Float64Array): Angle | undefined {
  const [aa, bb, ab] = [dot(a, a), dot(b, b), dot(a, b)];
  if (Math.abs(ab) <= ORTHOGONAL * Math.sqrt(aa * bb)) return undefined;
  const zeta = (bb - aa) / (2 * ab);
  const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  return { cosine, sine: cosine * tangent };
}

function rotate(columns: Columns, i: number, j: number, { cosine, sine }: Angle): void {
  const [a, b] = [columns[i], columns[j]];
  if (a === undefined || b === undefined) return;
  for (let row = 0; row < a.length; row++) {
    const [value, other] = [a[row] as number, b[row] as number];
    a[row] = cosine * value - sine * other;
    b[row] = sine * value + cosine * other;
  }
}

/** Returns the sum of the columns, each multiplied by its factor. */
function combine(columns: Columns, factors: ArrayLike<number>): Float64Array {
  const sum = new Float64Array(columns[0]?.length ?? 0);
  columns.forEach((column, index) => {
    addTo(sum, column, factors[index] ?? 0);
  });
  return sum;
}

function addTo(sum: Float64Array, column: Float64Array, factor: number): void {
  for (let row = 0; row < sum.length; row++) sum[row] = (sum[row] as number) + factor * (column[row] as number);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < a.length; row++) sum += (a[row] as number) * (b[row] as number);
  return sum;
}
