import type { TrainingArguments } from '../core/types/training';

type BatchSizes = Required<Pick<TrainingArguments, 'per_device_train_batch_size' | 'gradient_accumulation_steps'>>;

/** The most parts into which a batch is split. */
const MOST = 4096;

/** Smaller batches with more accumulation that give the same update, the largest batches first. */
export function smallerBatches({
  per_device_train_batch_size: size,
  gradient_accumulation_steps: parts,
}: Readonly<BatchSizes>): BatchSizes[] {
  const sizes: BatchSizes[] = [];
  for (let part = 2; part <= Math.min(size, MOST); part++) {
    if (size % part !== 0) continue;
    sizes.push({ per_device_train_batch_size: size / part, gradient_accumulation_steps: parts * part });
  }
  return sizes;
}
