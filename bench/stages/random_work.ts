import { uniforms } from '../../src/core/numbers/rng';
import { textSizes } from '../../src/models/architecture';
import { joinedRow } from '../../src/tasks/causal_lm/preferences/pair_row';
import { taskOfPreference } from '../../src/tasks/causal_lm/preferences/preference_tasks';
import { textRow } from '../../src/tasks/causal_lm/token_row';
import type { RunTask } from '../../src/tasks/task/run_task';
import type { Batch } from '../../src/tasks/task/task_batches';
import type { BaseModel } from '../../src/worker/models/base_model';

/** The examples that a step learns from: texts, pairs of texts with DPO, or single rated texts with KTO. */
export type Learnt = 'texts' | 'pairs' | 'ratings';

export interface WorkSizes {
  /** The number of examples in a batch. */
  readonly batch: number;
  /** The number of tokens per text. */
  readonly tokens: number;
}

export interface RandomWork {
  readonly task: RunTask;
  readonly batch: Batch;
}

const DPO = { kind: 'dpo', beta: 0.1, loss_type: 'sigmoid', label_smoothing: 0 } as const;
const KTO = { kind: 'kto', beta: 0.1, desirable_weight: 1, undesirable_weight: 1 } as const;

/**
 * Makes random texts in which each token but the first has a label. The texts of a pair share only the first token, so that they have as
 * many labels as other texts.
 */
export function randomWork(
  { task, loaded }: Pick<BaseModel, 'task' | 'loaded'>,
  learns: Learnt,
  { batch: count, tokens }: WorkSizes,
): RandomWork {
  const { vocabSize } = textSizes(loaded.model);
  const args = { max_length: tokens, per_device_train_batch_size: count };
  if (learns === 'texts') return { task, batch: task.batch(randomRows(count, tokens, vocabSize), args) };
  const compared = taskOfPreference(learns === 'pairs' ? DPO : KTO, loaded.model, undefined);
  const rows = Array.from({ length: count }, (_, at) => {
    const first = randomText(2 * at, tokens, vocabSize);
    const second = randomText(2 * at + 1, tokens, vocabSize);
    const row = joinedRow({ start: 1, sequences: [first, [...first.slice(0, 1), ...second.slice(1)]] }, tokens);
    return { ...row, weight: 1, isGood: at % 2 === 0, reference: Float32Array.of(-tokens, -tokens) };
  });
  return { task: compared, batch: compared.batch(rows, args) };
}

/** Returns random rows in which each token but the first has a label, as in texts that are cut into rows of equal length. */
export function randomRows(count: number, tokens: number, vocabSize: number) {
  return Array.from({ length: count }, (_, at) => textRow(randomText(at, tokens, vocabSize)));
}

function randomText(at: number, tokens: number, vocabSize: number): number[] {
  const numbers = uniforms({ seed: 2, stream: 'init', at }, tokens);
  return Array.from(numbers, (number) => Math.min(vocabSize - 1, Math.floor(number * vocabSize)));
}
