import { expect } from 'vitest';
import { type AdaptedModel, type Example, type StepLogs, Trainer } from '../../../src/index';
import { vectorsOf } from '../session/session';
import { type GoldenBatch, type GoldenTraining, goldenCase, goldenTensors, largestDifference } from './golden';

/** Runs a case's training with `Trainer`, and expects PEFT's losses, gradient norms, learning rates and final tensors. */
export async function expectGoldenTraining(vera: AdaptedModel, name: string, training: GoldenTraining): Promise<void> {
  const { inputs, tolerance, trainable } = goldenCase(name);
  const tensors = goldenTensors(name);
  const logs = await train(vera, inputs.train_batches, training);
  expect(logs.map(({ step }) => step)).toEqual(training.losses.map((_, index) => index + 1));
  expect(
    largestDifference(
      logs.map(({ loss }) => loss),
      training.losses,
    ),
  ).toBeLessThanOrEqual(training.tolerance.losses_abs);
  // Cases have no tolerance for gradient norms, so the tolerance for gradients is used.
  expect(
    largestDifference(
      logs.map(({ grad_norm }) => grad_norm),
      training.grad_norms,
    ),
  ).toBeLessThanOrEqual(tolerance.grad_abs);
  // Both libraries compute learning rates in float64, so only the last digits may differ.
  expect(
    largestDifference(
      logs.map(({ learning_rate }) => learning_rate),
      training.lrs,
    ),
  ).toBeLessThanOrEqual(1e-15);
  const final = await vectorsOf(await vera.save_pretrained());
  for (const parameter of Object.keys(trainable)) {
    const allowed = training.tolerance.final_abs[parameter] ?? training.tolerance.final_abs_default;
    const reference = tensors.get(`train.${training.id}.final.${parameter}`)!;
    expect(largestDifference(final.get(parameter)!, reference), parameter).toBeLessThanOrEqual(allowed);
  }
}

/** Runs a case's training, whose steps repeat the batches in order, as epochs do. */
async function train(
  model: AdaptedModel,
  batches: readonly GoldenBatch[],
  { lr, weight_decay, max_grad_norm, warmup_steps, accumulate, contrast, batches: order, steps }: GoldenTraining,
): Promise<StepLogs[]> {
  expect(order.flat()).toEqual(order.flat().map((_, index) => index % batches.length));
  const run = new Trainer({
    model,
    args: {
      per_device_train_batch_size: batches[0]!.input_ids.length,
      gradient_accumulation_steps: accumulate ?? 1,
      max_steps: steps,
      learning_rate: lr,
      lr_scheduler_type: warmup_steps === undefined ? 'constant' : 'linear',
      warmup_steps: warmup_steps ?? 0,
      weight_decay,
      max_grad_norm: max_grad_norm ?? 0,
      shuffle: false,
      ...(contrast !== undefined && { objective: 'contrast', contrastTemperature: contrast }),
    },
    train_dataset: batches.flatMap(examplesOf),
  }).train();
  const logs: StepLogs[] = [];
  for await (const event of run) if (event.type === 'log') logs.push(event.logs);
  expect((await run).global_step).toBe(steps);
  return logs;
}

/** Returns a batch's rows as examples for `Trainer`. */
export function examplesOf({ input_ids, labels, attention_mask, token_type_ids }: GoldenBatch): Example[] {
  return input_ids.map((ids, row) => ({
    input_ids: ids,
    labels: labels[row]!,
    attention_mask: attention_mask[row]!,
    ...(token_type_ids && { token_type_ids: token_type_ids[row]! }),
  }));
}
