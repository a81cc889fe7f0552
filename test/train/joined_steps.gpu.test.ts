// Programs compute the same numbers with and without joined steps, in fewer dispatches with them.
import { expect, test } from 'vitest';
import { BASE } from '../../src/adapters/layers/overlay';
import { createTask } from '../../src/tasks/task_registry';
import { logitsProgram } from '../../src/train/steps/loss_program';
import { batchFor } from '../helpers/golden/golden_batches';
import { type Bench, forward, openBench } from './golden_bench';

function dispatches({ loaded, golden }: Bench): number {
  const batch = batchFor(loaded.model, golden.inputs.batch);
  return logitsProgram(createTask(loaded.model), loaded, BASE, batch).program.steps.length;
}

test.each(['llama_qvud_big', 'llama_bf16_mid', 'lfm2_left_mid'])('%s: logits to the bit', async (name) => {
  const joined = await openBench({ name, split: [] });
  const apart = await openBench({ name, split: [], joinsSteps: false });
  expect(dispatches(joined)).toBeLessThan(dispatches(apart));
  expect(await forward(joined, BASE)).toEqual(await forward(apart, BASE));
});
