import { expect, test } from 'vitest';
import type { GpuBytes } from '../../../src/core/types/estimate';
import type { ResolvedTrainingArguments, TrainingArguments } from '../../../src/core/types/training';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';
import { suggest } from '../../../src/worker/plans/suggest';
import { judge } from '../../../src/worker/plans/verdict';

/** Returns memory that grows with a batch's tokens (a quarter as fast with gradient checkpointing), plus a constant 100 bytes. */
function bytesOf({
  per_device_train_batch_size: B,
  max_length: T,
  gradient_checkpointing,
}: ResolvedTrainingArguments): GpuBytes {
  const activations = (B * T) / (gradient_checkpointing ? 4 : 1);
  return {
    weights: 80,
    adapter: 10,
    optimizer: 10,
    activations,
    workspace: 0,
    total: 100 + activations,
    largest_buffer: 1,
  };
}

async function suggestions(memory: number, args: TrainingArguments = {}, isText = true) {
  const resolved = resolveTrainingArguments({ max_length: 1024, ...args });
  const bytes = bytesOf(resolved);
  const capacity = { bindingBytes: 1e9, memory: { bytes: memory, from: 'given' } } as const;
  const plan = async (changed: ResolvedTrainingArguments) => bytesOf(changed);
  return suggest({ args: resolved, bytes, verdict: judge(bytes, capacity), capacity, isText, plan });
}

test('nothing if the run fits, and nothing if no argument helps', async () => {
  expect(await suggestions(10_000)).toEqual([]);
  expect(await suggestions(99)).toEqual([]);
});

test('smaller batches that make the same update, or checkpointing', async () => {
  expect(await suggestions(2300)).toEqual([
    { per_device_train_batch_size: 2, gradient_accumulation_steps: 2 },
    { gradient_checkpointing: true },
  ]);
  expect(await suggestions(2300, { per_device_train_batch_size: 6, gradient_accumulation_steps: 2 })).toEqual([
    { per_device_train_batch_size: 2, gradient_accumulation_steps: 6 },
    { gradient_checkpointing: true },
  ]);
});

test('both together, and finally shorter texts', async () => {
  const smallest = { per_device_train_batch_size: 1, gradient_accumulation_steps: 4, gradient_checkpointing: true };
  expect(await suggestions(400)).toEqual([smallest]);
  expect(await suggestions(240)).toEqual([{ ...smallest, max_length: 512 }]);
  expect(await suggestions(240, {}, false)).toEqual([]);
  expect(await suggestions(240, { gradient_checkpointing: true, per_device_train_batch_size: 1 })).toEqual([
    { max_length: 512 },
  ]);
});
