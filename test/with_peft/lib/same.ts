import { expect } from 'vitest';
import type { PreTrainedModel } from '../../../src/index';
import { idsOf } from '../../helpers/generated_ids';
import { type GoldenBatch, largestDifference } from '../../helpers/golden/golden';
import type { Peft } from './peft';

/** The relative tolerance: the order of float32 sums changes logits after tens of layers by up to a 50,000th of the largest logit. */
const ROUNDING = 2e-5;
const NEW_TOKENS = 8;

/** Expects a real model's logits, loss and text to equal those of transformers with the model in `folder`. */
export async function expectSamePass(base: PreTrainedModel, batch: GoldenBatch, peft: Peft, folder: string) {
  const [ids = []] = batch.input_ids;
  const theirs = await peft.forward({ base: folder, batch, prompt: ids, new_tokens: NEW_TOKENS });
  const { logits, loss } = await base.forward(batch);
  const largest = theirs.logits.reduce((most, logit) => Math.max(most, Math.abs(logit)), 0);
  expect(largestDifference(logits.data, theirs.logits)).toBeLessThanOrEqual(ROUNDING * largest);
  expect(Math.abs(loss! - theirs.loss)).toBeLessThanOrEqual(ROUNDING * theirs.loss);
  const written = await idsOf(base.generate(ids, { max_new_tokens: NEW_TOKENS, eos_token_id: null }));
  expect(written).toEqual(theirs.greedy);
}

/** Expects our losses to equal PEFT's, step by step. */
export function expectSameLosses(ours: readonly number[], theirs: readonly number[]): void {
  expect(ours).toHaveLength(theirs.length);
  for (const [step, loss] of theirs.entries()) {
    // Later steps amplify the rounding of earlier ones.
    expect(Math.abs(ours[step]! - loss), `step ${step}`).toBeLessThanOrEqual(10 * ROUNDING * loss);
  }
}
