import type { Reference } from '../reference';
import { readBlock } from '../rows/words';

export const supervised_contrast: Reference = ({ z, targets, weights, block, losses, pairs }, params) => {
  const { B, F, inverse_temperature, has_gradient } = params;
  const { labelled, inverseTokens } = readBlock(block!);
  const rows = Array.from({ length: Math.min(labelled, B!) }, (_, j) => j);
  const row = (i: number): Float64Array => z!.subarray(i * F!, (i + 1) * F!);
  const score = (i: number, j: number): number =>
    row(i).reduce((sum, value, f) => sum + value * row(j)[f]!, 0) * inverse_temperature!;
  for (let i = 0; i < B!; i++) {
    const others = rows.filter((j) => j !== i);
    const positives = others.filter((j) => targets![j] === targets![i]);
    const counts = i < labelled && positives.length > 0;
    const scores = new Map(rows.map((j) => [j, score(i, j)]));
    const largest = Math.max(...others.map((j) => scores.get(j)!));
    const logSum = largest + Math.log(others.reduce((sum, j) => sum + Math.exp(scores.get(j)! - largest), 0));
    const mean = positives.reduce((sum, j) => sum + scores.get(j)!, 0) / positives.length;
    losses![i] = counts ? weights![i]! * (logSum - mean) : 0;
    for (let j = 0; j < B!; j++) {
      const own = others.includes(j) ? Math.exp(scores.get(j)! - logSum) : 0;
      const wanted = positives.includes(j) ? 1 / positives.length : 0;
      const gradient = counts ? weights![i]! * (own - wanted) * inverseTokens * inverse_temperature! : 0;
      pairs![i * B! + j] = has_gradient ? gradient : (scores.get(j) ?? 0);
    }
  }
};

export const supervised_contrast_backward: Reference = ({ z, pairs, dz }, { B, F }) => {
  for (let i = 0; i < B!; i++) {
    for (let f = 0; f < F!; f++) {
      let sum = 0;
      for (let j = 0; j < B!; j++) sum += (pairs![i * B! + j]! + pairs![j * B! + i]!) * z![j * F! + f]!;
      dz![i * F! + f] = sum;
    }
  }
};
