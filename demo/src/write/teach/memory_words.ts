import type { Estimate, TrainingArguments } from 'webvera';
import { formatBytes } from '../../../../src/parts/words';
import { formatCount, formatDuration } from '../../page/format';

/**
 * Describes the memory and the time of a training run. `isWarning`: the memory may not suffice. `software`: the processor computes.
 * `seconds`: the duration of the whole run, if known.
 */
export function memoryInWords(
  { gpu, verdict, suggestions }: Pick<Estimate, 'gpu' | 'verdict' | 'suggestions'>,
  { software, seconds }: { readonly software: boolean; readonly seconds?: number | undefined },
): {
  readonly text: string;
  readonly isWarning: boolean;
} {
  const time = seconds === undefined ? '' : `about ${formatDuration(seconds)} on this device, and `;
  const takes = `about ${formatBytes(gpu.total)} of ${software ? 'memory' : 'the graphics card’s memory'}`;
  if (verdict === 'fits') return { text: `Learning takes ${time}${takes}.`, isWarning: false };
  const changes = suggestions.map(changeInWords).filter((words) => words !== '');
  const less = new Intl.ListFormat('en', { type: 'disjunction' }).format(changes);
  const advice = less === '' ? 'A smaller model takes less.' : `To take less, ${less} in the settings.`;
  return verdict === 'tight'
    ? { text: `Learning takes ${takes}, which may be more than there is. ${advice}`, isWarning: true }
    : { text: `Learning does not fit: it would take ${takes}, more than there is. ${advice}`, isWarning: true };
}

/** Describes a change of the settings. Omits gradient accumulation, which the form lacks. */
function changeInWords({ per_device_train_batch_size, max_length, gradient_checkpointing }: TrainingArguments): string {
  const parts = [
    per_device_train_batch_size === undefined ? '' : `set Batch to ${formatCount(per_device_train_batch_size)}`,
    max_length === undefined ? '' : `set Length to ${formatCount(max_length)}`,
    gradient_checkpointing === true ? 'switch on Save memory' : '',
  ];
  return new Intl.ListFormat('en').format(parts.filter((part) => part !== ''));
}
