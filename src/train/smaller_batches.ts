import type { ResolvedTrainingArguments } from '../core/types/training';

type BatchSizes = Pick<ResolvedTrainingArguments, 'per_device_train_batch_size' | 'gradient_accumulation_steps'>;

/** The maximum number of parts into which a batch is split. */
const MOST = 4096;

/**
 * Returns smaller batch sizes, with more gradient accumulation, that give the same update, the largest batches first. Returns none if the
 * loss compares a row with the other rows of its batch.
 */
export function smallerBatches({
  per_device_train_batch_size: size,
  gradient_accumulation_steps: parts,
  objective,
  preference,
}: BatchSizes &
  Pick<ResolvedTrainingArguments, 'objective'> &
  Partial<Pick<ResolvedTrainingArguments, 'preference'>>): BatchSizes[] {
  const sizes: BatchSizes[] = [];
  if (objective === 'contrast' || preference?.kind === 'kto') return sizes;
  for (let part = 2; part <= Math.min(size, MOST); part++) {
    if (size % part !== 0) continue;
    sizes.push({ per_device_train_batch_size: size / part, gradient_accumulation_steps: parts * part });
  }
  return sizes;
}
