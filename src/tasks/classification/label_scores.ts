import type { LabelScore } from '../../core/types/prediction';
import type { Labels } from '../../models/labels';
import { ONE_HALF } from './example_labels';

/**
 * Returns a list for each row of logits (rows, labels): the labels in descending order of their probability, or the predicted numbers in
 * the order of the labels.
 */
export function labelScores(logits: Float32Array, { names, problem }: Labels): readonly (readonly LabelScore[])[] {
  return Array.from({ length: logits.length / names.length }, (_, row) => {
    const own = logits.subarray(row * names.length, (row + 1) * names.length);
    const scored = (scores: ArrayLike<number>) => names.map((label, index) => ({ label, score: scores[index] ?? 0 }));
    if (problem === 'regression') return scored(own);
    if (problem === 'single_label_classification') return likeliestFirst(scored(softmax(own)));
    const several = scored(Float64Array.from(own, sigmoid)).map((one) => ({ ...one, told: one.score > ONE_HALF }));
    return likeliestFirst(several);
  });
}

function likeliestFirst(scores: readonly LabelScore[]): readonly LabelScore[] {
  return scores.toSorted((a, b) => b.score - a.score);
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

function softmax(logits: Float32Array): Float64Array {
  const largest = Math.max(...logits);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
