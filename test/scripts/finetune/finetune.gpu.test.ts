import '../../helpers/gpu/gpu';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { finetune, type Report, type Trained } from '../../../scripts/finetune/finetune.mjs';
import * as library from '../../../src/index';
import { folderFiles } from '../../helpers/golden/golden';
import { proseFolder, proseText } from '../../helpers/models/tokenizers';
import { jsonOf } from '../../helpers/session/exported_run';
import { sessionGpu } from '../../helpers/session/session_gpu';

/** Trains the demo's model, to be exported after four steps. Awaits `onLog` at the second step. */
async function train(onLog: (run: library.TrainRun) => PromiseLike<unknown>, target_modules = ['q_proj']) {
  const warnings: string[] = [];
  const reports: string[] = [];
  let run: library.TrainRun | undefined;
  let trained: Trained | undefined;
  await finetune(library, {
    options: { worker: false, gpu: sessionGpu().gpu, store: 'memory' },
    source: folderFiles(pathToFileURL(`${proseFolder}/`)),
    train: new Blob([proseText(1500)]),
    heldOut: new Blob([proseText(200)]),
    job: {
      ...{ model: 'prose-1.4M', base: 'prose-1.4M', text: 'text', prompt: 'It', seed: 1, dtype: 'auto' as const },
      ...{ r: 4, target_modules, max_steps: 8, warmup_steps: 0, learning_rate: 0.01 },
      ...{
        per_device_train_batch_size: 1,
        gradient_accumulation_steps: 1,
        gradient_checkpointing: false,
        max_length: 16,
      },
    },
    device: async () => ({ vendor: '', architecture: '', description: '', fallback: true }),
    async report(report: Report) {
      if (report.type === 'stage') reports.push(report.name);
      if (report.type === 'warning') warnings.push(report.message);
      if (report.type === 'log' && report.logs.step === 2 && run !== undefined) await onLog(run);
    },
    onTrain(training) {
      run = training;
    },
    onTrained(result) {
      reports.push('trained');
      trained = result;
    },
    exportAfter: 4,
  });
  return { trained, reports, warnings, step: run?.state.global_step ?? 0 };
}

test('a run that ends before its export returns the trained adapter, before it is measured', async () => {
  const { trained, reports, warnings, step } = await train((run) => run);
  expect(step).toBe(8);
  expect(warnings).toEqual([]);
  expect(trained?.exported).toBeUndefined();
  expect(trained?.files.get('adapter_model.safetensors')?.size).toBeGreaterThan(0);
  expect(reports.slice(reports.indexOf('train'))).toEqual(['train', 'trained', 'measure after', 'write after']);
});

test('a run that is stopped before its export is exported at its last step, and Python saves checkpoints', async () => {
  const { trained, step } = await train((run) => run.stop());
  expect(step).toBeLessThan(8);
  const exported = trained?.exported ?? new Map();
  expect(await jsonOf(exported, 'run.json')).toMatchObject({ step, training_arguments: { save_strategy: 'steps' } });
});

test("the session's warnings are reported, each once", async () => {
  const { warnings } = await train((run) => run.stop(), ['q_proj', 'no_proj']);
  expect(warnings).toEqual([expect.stringContaining('no_proj')]);
});
