import { expect, test } from 'vitest';
import { FEATURE_EXTRACTION } from '../../../src/tasks/feature_extraction/feature_extraction';
import type { TaskModel } from '../../../src/tasks/task/task_kind';

const text = { vocabSize: 10, maxLength: 8, positions: 'row', eosTokenIds: [], padTokenId: 0 };
const model = { text, config: {}, head: { className: 'LlamaModel' } } as unknown as TaskModel;
const task = FEATURE_EXTRACTION.create(model, {});

const none = undefined as never;

test('a model without a head learns nothing', async () => {
  const message = 'Expected a model with a head to learn, got LlamaModel';
  for (const begun of [task.collect(none, none), task.preview(none, none, none), task.kept(none, none, none)])
    await expect(begun).rejects.toMatchObject({ code: 'invalid_argument', message });
  for (const call of [() => task.columns(none), () => task.loss(none, none), () => task.metrics(none)])
    expect(call).toThrow(message);
});

test('a model without a head has no logits to return', () => {
  const message = 'forward: expected a model with a head, got LlamaModel';
  for (const call of [() => task.given(none), () => task.logitsOf(none, none, none)]) expect(call).toThrow(message);
});

test('its rows and batches are those that embed() makes', () => {
  const row = {
    input_ids: Uint32Array.of(1, 2, 3),
    attention_mask: Uint8Array.of(1, 1, 1),
    token_type_ids: Uint8Array.of(0, 0, 0),
  };
  const args = { max_length: 8, per_device_train_batch_size: 2 };
  expect(task.tokensOf(row)).toBe(3);
  expect(task.batch([row], args)).toMatchObject({ B: 1, labelled: 0 });
  expect(task.fullShape(args)).toMatchObject({ B: 2 });
});
