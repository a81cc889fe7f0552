import { expect, test } from 'vitest';
import { folderFiles } from '../../../src/formats/models/model_files';
import { openSource } from '../../../src/hub/open_source';
import { loadModel } from '../../../src/worker/models/loading/model_loader';
import { goldenBase } from '../../helpers/golden/golden';
import { goldenCases } from '../../helpers/golden/golden_index';
import { FakeRunner } from '../../helpers/session/fake_runner';

/** Models without a matrix that every storage format can hold, because their rows aren't multiples of 32 values. */
const UNFIT: readonly string[] = ['falcon-alibi', 'falcon-alibi-shared', 'gpt2-scaled'];
const tasks = new Map(goldenCases(({ base }) => !UNFIT.includes(base)).map(({ base, task }) => [base, task]));

// Other tests load these models on software GPUs, for which nothing is compiled ahead.
test.each([...tasks])('a forward pass of %s (%s) is compiled ahead', async (base, task) => {
  const runner = new FakeRunner();
  const files = folderFiles(openSource(goldenBase(`base/${base}`)));
  await loadModel(files, runner, { dtype: 'auto', task, onUpload() {} });
  expect(runner.prepared.length).toBeGreaterThan(10);
});
