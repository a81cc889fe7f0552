import { readFileSync } from 'node:fs';
import type { TaskFacts } from '../../../src/core/types/model';
import type { GivenInputs, IdTensor, RowLabels } from '../../../src/core/types/tensor';
import type { Architecture } from '../../../src/models/architecture';
import { labelledRows, type TextBatch } from '../../../src/tasks/causal_lm/text_batch';
import type { Batch } from '../../../src/tasks/task/task_batches';
import { createTask, likelyTask, type TaskName } from '../../../src/tasks/task_registry';
import type { GoldenBatch } from './golden';

/** Returns the name of a golden base model's task. */
export function taskOfBase(base: string): TaskName {
  return factsOfBase(base).name;
}

/** Returns the facts about a golden base model's task. The class in its config.json decides the task. */
export function factsOfBase(base: string): TaskFacts<TaskName> {
  const config = JSON.parse(readFileSync(new URL(`../../golden/${base}/config.json`, import.meta.url), 'utf8'));
  return likelyTask(config, { task_type: null, hasLabels: false });
}

/** Converts a golden batch to the form that a model's task uses. For language models, texts get no further padding. */
export function batchFor(model: Architecture, golden: GoldenBatch): Batch {
  return model.task.generates ? textBatch(golden) : createTask(model).given(givenInputs(golden, model.task));
}

/** Converts a golden batch of texts, without further padding. */
export function textBatch({ input_ids, attention_mask, labels }: GoldenBatch): TextBatch {
  const [B, T] = [input_ids.length, input_ids[0]!.length];
  return {
    B,
    T,
    input_ids: Uint32Array.from(input_ids.flat()),
    attention_mask: Uint32Array.from(attention_mask.flat()),
    ...labelledRows(labels.flat() as number[], B, T),
  };
}

export function givenInputs(
  { input_ids, attention_mask, token_type_ids, pixel_values, labels }: GoldenBatch,
  task: Pick<TaskFacts, 'labels'>,
): GivenInputs {
  const [first] = labels;
  const B = labels.length;
  const targets: RowLabels = {
    dims: typeof first === 'object' ? [B, first.length] : [B],
    data: Float32Array.from(labels.flat()),
  };
  if (pixel_values !== undefined) {
    const [, C, H, W] = pixel_values.dims;
    return { pixel_values: { dims: [B, C!, H!, W!], data: pixel_values.data }, labels: targets };
  }
  const matrix = (rows: readonly (readonly number[])[]): IdTensor => ({
    dims: [rows.length, rows[0]!.length],
    data: Int32Array.from(rows.flat()),
  });
  return {
    input_ids: matrix(input_ids),
    attention_mask: matrix(attention_mask),
    ...(token_type_ids && { token_type_ids: matrix(token_type_ids) }),
    labels: task.labels === 'of tokens' ? matrix(labels as GoldenBatch['input_ids']) : targets,
  };
}
