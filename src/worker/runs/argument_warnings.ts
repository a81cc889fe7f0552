import type { Warning } from '../../core/errors/warning';
import { USUAL } from '../../core/numbers/usual_arguments';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import type { Architecture } from '../../models/architecture';

/** Returns warnings about arguments that the model or the data don't allow. Default values cause no warning. */
export function argumentWarnings(
  { max_length, per_device_train_batch_size: batch }: ResolvedTrainingArguments,
  rows: number,
  { text }: Pick<Architecture, 'text'>,
): Warning[] {
  const warnings: Warning[] = [];
  if (text !== undefined && max_length > text.maxLength && max_length !== USUAL.max_length) {
    const message = `max_length: ${max_length} is more than the ${text.maxLength} tokens that this model reads: texts are cut there`;
    warnings.push({ code: 'max_length_cut', message });
  }
  if (batch > rows && batch > USUAL.per_device_train_batch_size) {
    const message = `per_device_train_batch_size: ${batch} is more than the data has: each step takes all ${rows} rows, and each epoch is one step`;
    warnings.push({ code: 'batch_above_data', message });
  }
  return warnings;
}
