import { readFileSync } from 'node:fs';
import type { Examples } from '../../src/regression/labelled_features';
import type { HeadRequest } from '../../src/regression/solve_head';

/** A regression problem with scikit-learn's solution. */
interface Row {
  readonly situation: string;
  readonly C: number;
  readonly has_bias: boolean;
  readonly outputs: number;
  readonly D: number;
  readonly features: readonly number[];
  readonly targets: readonly number[];
  readonly weights: readonly number[];
  readonly others: readonly number[];
  readonly predictions: readonly number[];
}

export const solvedRows: readonly Row[] = JSON.parse(readFileSync('test/golden/regression.json', 'utf8')).rows;

export function examplesOf({ D, features, targets, weights }: Row): Examples {
  const N = weights.length;
  return {
    N,
    D,
    T: targets.length / N,
    features: Float64Array.from(features),
    targets: Float64Array.from(targets),
    weights: Float64Array.from(weights),
  };
}

/** Returns pseudo-random numbers from −1 to 1, the same ones for the same seed. */
export function noise(count: number, seed = 1): Float32Array<ArrayBuffer> {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Makes a request with N examples. Features of one class are spread around a common centre. */
export function request(N: number, D: number, outputs: number, changes: Partial<HeadRequest> = {}): HeadRequest {
  const centres = noise(outputs * D, 7);
  const features = noise(N * D).map(
    (one, i) => one + 0.8 * (centres[((Math.floor(i / D) % outputs) * D + (i % D)) as number] ?? 0),
  );
  const targets = Float64Array.from({ length: N }, (_, row) => row % outputs);
  const weights = new Float64Array(N).fill(1);
  const rest = { problem: 'single_label_classification', hasBias: true, C: 'auto' } as const;
  return { features, D, targets, weights, outputs, ...rest, ...changes };
}
