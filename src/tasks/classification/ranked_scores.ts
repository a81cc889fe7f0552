import type { ProblemType } from '../../core/types/model';
import type { Labels } from '../../models/labels';
import type { RankedScores } from '../task/task_prediction';

/**
 * Returns the scores of each row of logits (rows, labels): probabilities in descending order, or the predicted numbers in the order of the
 * labels.
 */
export function rankedScores(logits: Float32Array, { names: { length }, problem }: Labels): RankedScores {
  const order = new Uint32Array(logits.length);
  const scores = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += length) {
    const own = SCORES[problem](logits.subarray(start, start + length));
    const ranking = [...own.keys()];
    if (problem !== 'regression') ranking.sort((a, b) => (own[b] ?? 0) - (own[a] ?? 0));
    for (const [place, label] of ranking.entries()) {
      order[start + place] = label;
      scores[start + place] = own[label] ?? 0;
    }
  }
  return { order, scores };
}

const SCORES: Readonly<Record<ProblemType, (logits: Float32Array) => Float64Array>> = {
  regression: (logits) => Float64Array.from(logits),
  single_label_classification: softmax,
  multi_label_classification: (logits) => Float64Array.from(logits, sigmoid),
};

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

function softmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((most, logit) => Math.max(most, logit));
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
