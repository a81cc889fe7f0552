import { expect } from 'vitest';
import { type AdaptedModel, export_run, type PreTrainedModel, type Trainer } from '../../src/index';
import { tinyTrainer } from '../helpers/models/tiny_training';
import { jsonOf } from '../helpers/session/exported_run';
import { stopAt } from '../helpers/session/resumed_run';
import { bytesOf, type TestSession, tensorsOf, within } from '../helpers/session/session';

/** Helpers for tests of any adapter kind on the tiny model. */

const args = { max_steps: 6, learning_rate: 0.05, save_steps: 2 } as const;
export const input_ids = [[0, 3, 9, 4, 17, 5, 30, 11]];

export const trainerOf = (model: AdaptedModel, changes: object = {}): Trainer =>
  tinyTrainer(model, { args: { ...args, ...changes } });
export const logitsOf = async (model: PreTrainedModel) => (await model.forward({ input_ids })).logits.data;
export const weightsOf = async (model: AdaptedModel) =>
  bytesOf((await model.save_pretrained())['adapter_model.safetensors']);

export function expectNear(actual: Float32Array, expected: Float32Array): void {
  const difference = Math.max(...actual.map((value, index) => Math.abs(value - (expected[index] ?? Number.NaN))));
  expect(difference).toBeLessThan(1e-4);
}

/** Expects a run that stops and resumes in a later session to have exactly the weights of an uninterrupted run. */
export async function expectResumes(fresh: (opened: TestSession) => Promise<AdaptedModel>): Promise<void> {
  const straight = await within({ store: 'auto' }, async (opened) => {
    const model = await fresh(opened);
    await trainerOf(model).train();
    return weightsOf(model);
  });
  await within({ store: 'auto' }, async (opened) => {
    await stopAt(3)(trainerOf(await fresh(opened)).train());
  });
  const resumed = await within({ store: 'auto' }, async (opened) => {
    const model = await fresh(opened);
    await trainerOf(model).train({ resume_from_checkpoint: true });
    return weightsOf(model);
  });
  expect(resumed).toEqual(straight);
}

/** Exports a run after two steps, and reads its adapter's configuration and the moments. */
export async function exportedAdapter(model: AdaptedModel) {
  const trainer = trainerOf(model);
  await stopAt(2)(trainer.train());
  const files = await export_run({ model, trainer });
  const { checkpoint } = await jsonOf(files, 'run.json');
  return {
    config: await jsonOf(files, `${checkpoint}/adapter_config.json`),
    moments: await tensorsOf(files.get(`${checkpoint}/optimizer.safetensors`) as Blob),
  };
}
