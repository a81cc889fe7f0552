import type { LabelScore } from '../../core/prediction';
import type { Labels } from '../../models/labels';

/** Of each row of logits (rows, labels): the labels by their probability, the likeliest first; or the predicted number. */
export function labelScores(logits: Float32Array, { names, problem }: Labels): readonly (readonly LabelScore[])[] {
  return Array.from({ length: logits.length / names.length }, (_, row) => {
    const own = logits.subarray(row * names.length, (row + 1) * names.length);
    const scores = problem === 'regression' ? own : softmax(own);
    return names.map((label, index) => ({ label, score: scores[index] ?? 0 })).sort((a, b) => b.score - a.score);
  });
}

function softmax(logits: Float32Array): Float64Array {
  const largest = Math.max(...logits);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
