import { type AdaptedModel, Trainer, type TrainingArguments } from '../../../src/index';
import type { GoldenBatch } from '../../helpers/golden/golden';
import { examplesOf } from '../../helpers/golden/golden_training';

/** Trains with plain AdamW, and returns each step's loss before its update. The batches take turns, as in `Peft.train`. */
export async function trainHere(
  model: AdaptedModel,
  batches: readonly GoldenBatch[],
  args: TrainingArguments,
): Promise<number[]> {
  const losses: number[] = [];
  for await (const event of plainTrainer(model, batches, args).train()) {
    if (event.type === 'log') losses.push(event.logs.loss);
  }
  return losses;
}

export function plainTrainer(model: AdaptedModel, batches: readonly GoldenBatch[], args: TrainingArguments): Trainer {
  return new Trainer({
    model,
    args: {
      per_device_train_batch_size: batches[0]!.input_ids.length,
      lr_scheduler_type: 'constant',
      warmup_ratio: 0,
      max_grad_norm: 0,
      shuffle: false,
      ...args,
    },
    train_dataset: batches.flatMap(examplesOf),
  });
}
