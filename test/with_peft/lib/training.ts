import { Trainer, type TrainingArguments, type VeraModel } from '../../../src/index';
import type { GoldenBatch } from '../../helpers/golden/golden';
import { examplesOf } from '../../helpers/golden/golden_training';

/** Steps of plain AdamW over batches in turns, as `Peft.train` takes them. The losses before each update. */
export async function trainHere(
  model: VeraModel,
  batches: readonly GoldenBatch[],
  args: TrainingArguments,
): Promise<number[]> {
  const losses: number[] = [];
  for await (const event of plainTrainer(model, batches, args).train()) {
    if (event.type === 'log') losses.push(event.logs.loss);
  }
  return losses;
}

export function plainTrainer(model: VeraModel, batches: readonly GoldenBatch[], args: TrainingArguments): Trainer {
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
