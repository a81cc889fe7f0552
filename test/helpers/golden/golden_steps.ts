import { expect } from 'vitest';
import type { AdaptedModel, PreTrainedModel } from '../../../src/index';
import { goldenAdapters, goldenTensors, largestDifference } from './golden';

/** Expects PEFT's logits and loss at a step of a golden case with two adapters. For the step `base`, the case stores no loss. */
export async function expectGoldenLogits(model: PreTrainedModel, name: string, step: string): Promise<void> {
  const { inputs, steps, tolerance } = goldenAdapters(name);
  const figure = steps.find((other) => other.step === step);
  const { logits, loss } = await model.forward(inputs.batch);
  const difference = largestDifference(logits.data, goldenTensors(name).get(`${step}.logits`)!);
  expect(difference, step).toBeLessThanOrEqual(tolerance.logits_abs);
  if (step !== 'base') expect(Math.abs(loss! - figure!.loss), step).toBeLessThanOrEqual(tolerance.loss_abs);
}

/** Does the same as `expectGoldenLogits`, and also checks the active adapters and, after a deletion, the remaining ones. */
export async function expectGoldenStep(model: AdaptedModel, name: string, step: string): Promise<void> {
  const { active, left } = goldenAdapters(name).steps.find((other) => other.step === step)!;
  expect(model.active_adapters, step).toEqual(active);
  if (left !== undefined) expect(Object.keys(model.peft_config)).toEqual(left);
  await expectGoldenLogits(model, name, step);
}
