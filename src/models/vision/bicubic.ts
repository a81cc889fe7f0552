/** The parameter of the cubic filter in torch, without and with antialiasing. */
const SHARPNESS = { plain: -0.75, antialiased: -0.5 } as const;
/** The radius of the filter: at this distance and beyond, it is 0. */
const REACH = 2;

interface SquareResize {
  /** The edge length of the given square, in patches. `to` is the edge length of the resized square. */
  readonly from: number;
  readonly to: number;
  readonly antialias: boolean;
}

/**
 * Returns the matrix (to² + 1, from² + 1) that resizes a table of positions for another number of patches. It copies the first row. The
 * other rows form a square, which it resizes like torch's `interpolate` with mode 'bicubic' and `align_corners=False`.
 */
export function resizedPositions({ from, to, antialias }: SquareResize): Float32Array<ArrayBuffer> {
  const columns = from ** 2 + 1;
  const weights = new Float32Array((to ** 2 + 1) * columns);
  weights[0] = 1;
  const lines = Array.from({ length: to }, (_, place) => lineWeights(place, { from, to, antialias }));
  let row = columns;
  for (const ofY of lines) {
    for (const ofX of lines) {
      for (const [y, down] of ofY) for (const [x, along] of ofX) weights[row + 1 + y * from + x] = down * along;
      row += columns;
    }
  }
  return weights;
}

/** Returns weights of the given line's numbers, by index: their weighted sum is the number at `place` in the resized line. */
function lineWeights(place: number, { from, to, antialias }: SquareResize): ReadonlyMap<number, number> {
  // torch computes places in float32.
  const scale = Math.fround(from / to);
  const width = antialias ? Math.max(1, scale) : 1;
  const centre = Math.fround(scale * (place + 0.5) - 0.5);
  const weights = new Map<number, number>();
  let total = 0;
  for (let at = Math.ceil(centre - REACH * width); at <= centre + REACH * width; at++) {
    // Indices beyond an end of the line read the number at that end; with antialiasing, they are skipped.
    const inside = Math.min(Math.max(at, 0), from - 1);
    if (antialias && inside !== at) continue;
    const weight = cubic((at - centre) / width, antialias ? SHARPNESS.antialiased : SHARPNESS.plain);
    weights.set(inside, (weights.get(inside) ?? 0) + weight);
    total += weight;
  }
  return new Map([...weights].map(([at, weight]) => [at, weight / total]));
}

function cubic(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < REACH ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}
