import { expect, test } from 'vitest';
import { BASE } from '../../src/adapters/layers/overlay';
import { folderFiles } from '../../src/formats/models/model_files';
import { ProgramCache } from '../../src/graph/program_cache';
import type { LoadedProgram } from '../../src/graph/runner';
import type { Step } from '../../src/graph/step';
import type { Value } from '../../src/graph/value';
import { openSource } from '../../src/hub/open_source';
import { resolveTrainingArguments } from '../../src/page/training/training_arguments';
import { CausalLm } from '../../src/tasks/causal_lm/causal_lm';
import { ImageClassification } from '../../src/tasks/image_classification/image_classification';
import { batchesInOrder } from '../../src/tasks/task/task_batches';
import { LossMeter } from '../../src/train/evaluate';
import { lossProgram } from '../../src/train/steps/loss_program';
import { statsValue, stepBlockValue } from '../../src/train/steps/step_block';
import type { BaseModel } from '../../src/worker/models/base_model';
import { loadModel } from '../../src/worker/models/loading/model_loader';
import { evaluationOf } from '../../src/worker/runs/create_run';
import { goldenBase } from '../helpers/golden/golden';
import { seededFiles, smallConfigs } from '../helpers/models/seeded_model';
import { FakeRunner } from '../helpers/session/fake_runner';
import { type Memory, runReference } from '../reference/runner';

/** A fake device that computes in float64. */
class Float64Runner extends FakeRunner {
  readonly memory: Memory = new Map();

  override write(value?: Value, { buffer, byteOffset = 0, byteLength = 0 }: Partial<ArrayBufferView> = {}): void {
    const words = buffer!.slice(byteOffset, byteOffset + byteLength);
    const numbers = value!.dtype === 'f32' ? new Float32Array(words) : new Uint32Array(words);
    this.memory.set(value!, Float64Array.from(numbers));
  }

  override run(loaded?: LoadedProgram, { chunks }: { readonly chunks?: number } = {}): void {
    runReference(loaded?.program.steps ?? [], this.memory, chunks);
  }

  override read = async (value?: Value): Promise<ArrayBuffer> => Float32Array.from(this.memory.get(value!)!).buffer;
}

test('evaluations leave label_smoothing_factor out, which only the loss of training has', async () => {
  const runner = new Float64Runner();
  const options = { dtype: 'float32', onUpload: () => {} } as const;
  const loaded = await loadModel(folderFiles(openSource(seededFiles(smallConfigs.llama))), runner, options);
  const task = new CausalLm(loaded.model);
  const losses = new LossMeter(runner, new ProgramCache(runner), task, loaded);
  const examples = [{ input_ids: [3, 9, 4, 17, 5, 30, 11, 8] }, { input_ids: [6, 2, 28, 7] }];

  const evaluated = async (label_smoothing_factor: number) => {
    const args = resolveTrainingArguments({ label_smoothing_factor, max_length: 8 });
    const model = { runner, loaded, losses } as unknown as BaseModel;
    const { signal } = new AbortController();
    const evaluate = await evaluationOf({ model, task, overlay: BASE, args }, { kind: 'examples', examples }, signal);
    return evaluate({});
  };
  const metrics = await evaluated(0);
  expect(metrics.eval_loss).toBeGreaterThan(1);
  expect(metrics.perplexity).toBeCloseTo(Math.exp(metrics.eval_loss!), 4);
  expect(await evaluated(0.5)).toEqual(metrics);

  const smoothingIn = (steps: readonly Step[]) =>
    new Set(steps.flatMap(({ kernel, params }) => (kernel.name === 'cross_entropy' ? [params.smoothing] : [])));
  expect(smoothingIn([...runner.loaded].flatMap(({ steps }) => steps))).toEqual(new Set([0]));
  const values = { block: stepBlockValue(), stats: statsValue(), training: { grads: new Map(), smoothing: 0.5 } };
  const { steps } = lossProgram(task, loaded, BASE, { B: 2, T: 16 }, values).program;
  expect(smoothingIn(steps)).toEqual(new Set([0.5]));
});

test('of batches of images only the predictions are held, not the pixels or the logits', async () => {
  const runner = new Float64Runner();
  const options = { dtype: 'float32', task: 'image_classification', onUpload: () => {} } as const;
  const loaded = await loadModel(folderFiles(openSource(goldenBase('base/vit'))), runner, options);
  const task = new ImageClassification(loaded.model);
  const losses = new LossMeter(runner, new ProgramCache(runner), task, loaded);
  const args = resolveTrainingArguments({ per_device_train_batch_size: 2 });
  const images = [3, -2, 1, 0.5, -7].map((size) =>
    Float32Array.from({ length: 3 * 16 * 16 }, (_, at) => size * Math.sin(at)),
  );
  const measure = (targets: readonly number[]) => {
    const rows = images.map((pixels, row) => ({ pixels, targets: [targets[row] ?? 0], weight: 1 }));
    return losses.measure(batchesInOrder(task, rows, args), BASE);
  };

  const { predicted, ...measured } = await measure([0, 1, 2, 3, 4]);
  expect(predicted).toHaveLength(5);
  expect(measured).toEqual({
    loss: expect.any(Number),
    labelled: 5,
    means: expect.any(Float64Array),
    targets: [0, 1, 2, 3, 4],
  });
  expect(task.metrics(await measure(predicted))).toMatchObject({ accuracy: 1, f1: 1, eval_rows: 5 });
});
