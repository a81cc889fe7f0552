import { expect, test } from 'vitest';
import { folderFiles } from '../../../src/formats/models/model_files';
import { openSource } from '../../../src/hub/open_source';
import type { LoadedModel } from '../../../src/models/loaded_model';
import type { TaskName } from '../../../src/tasks/task_registry';
import { loadModel } from '../../../src/worker/models/loading/model_loader';
import { goldenBase } from '../../helpers/golden/golden';
import { goldenCases } from '../../helpers/golden/golden_index';
import { FakeRunner } from '../../helpers/session/fake_runner';

/** Models without a matrix that every storage format can hold, because their rows aren't multiples of 32 values. */
const UNFIT: readonly string[] = ['falcon-alibi', 'falcon-alibi-shared', 'gpt2-scaled'];
const tasks = new Map(goldenCases(({ base }) => !UNFIT.includes(base)).map(({ base, task }) => [base, task]));

/** Loads a base model. Returns it, and the number of steps whose kernels are compiled ahead. */
async function load(base: string, task: TaskName, isSoftware: boolean): Promise<[LoadedModel, number]> {
  const runner = new FakeRunner();
  runner.isSoftware = isSoftware;
  const files = folderFiles(openSource(goldenBase(`base/${base}`)));
  return [await loadModel(files, runner, { dtype: 'auto', task, onUpload() {} }), runner.prepared.length];
}

// Other tests load these models on software GPUs, for which nothing is compiled ahead.
test.each([...tasks])('a forward pass of %s (%s) is compiled ahead', async (base, task) => {
  const [loaded, compiled] = await load(base, task, false);
  expect(compiled).toBeGreaterThan(10);
  expect(loaded.joinsSteps).toBe(true);
});

test('a software GPU compiles no kernels while weights are read, because the same cores do both, and no joined kernels', async () => {
  const [loaded, compiled] = await load('gpt2', 'causal_lm', true);
  expect(compiled).toBe(0);
  expect(loaded.joinsSteps).toBe(false);
});
