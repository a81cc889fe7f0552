import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type AdapterFiles,
  get_peft_model,
  type PreTrainedModel,
  VeraConfig,
  type VeraConfigInit,
  type VeraModel,
} from '../../../src/index';
import { loadTiny } from '../../helpers/models/tiny_llama';
import { firstLog, tinyTrainer } from '../../helpers/models/tiny_training';
import { openTestSession, type TestSession, vectorsOf } from '../../helpers/session/session';
import { withResolvers } from '../../helpers/with_resolvers';

let opened: TestSession;
let base: PreTrainedModel;

beforeAll(async () => {
  opened = await openTestSession();
  base = await loadTiny(opened);
});
afterAll(() => opened.session.close());

const STEPS = 40;
const config: VeraConfigInit = {
  r: 4,
  target_modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'down_proj', 'up_proj'],
};

async function fresh(changes: VeraConfigInit = {}): Promise<VeraModel> {
  return get_peft_model(base, new VeraConfig({ ...config, ...changes }));
}

function train(model: VeraModel, max_steps: number) {
  return tinyTrainer(model, { args: { max_steps, learning_rate: 0.05, save_strategy: 'no' } }).train();
}

/** Returns the names of the tensors that differ from the base model's, with their bytes. */
async function changedTensors(model: PreTrainedModel): Promise<Map<string, string>> {
  const before = await base.state_dict();
  const text = (tensor?: { readonly data: Float32Array }): string =>
    tensor === undefined ? '' : Buffer.from(tensor.data.buffer).toString('base64');
  const state = [...(await model.state_dict())].map(([name, tensor]) => [name, text(tensor)] as const);
  return new Map(state.filter(([name, bytes]) => text(before.get(name)) !== bytes));
}

describe('values that are read from an adapter of a paused run belong to one step', () => {
  type Read = (model: VeraModel) => Promise<Map<string, string>>;
  const merged: Read = async (model) => {
    await model.merge_adapter();
    const tensors = await changedTensors(model);
    await model.unmerge_adapter();
    return tensors;
  };
  const unloaded: Read = async (model) => changedTensors(await model.merge_and_unload());

  test.each<[string, VeraConfigInit, Read]>([
    ['merge_adapter', {}, merged],
    ['merge_and_unload with a whole module', { modules_to_save: ['lm_head'] }, unloaded],
  ])('%s', async (_, changes, read) => {
    const model = await fresh(changes);
    const run = train(model, STEPS);
    const over = run.then(
      () => {},
      () => {}, // unloading ends the run
    );
    await firstLog(run);
    await run.pause();
    const got = await read(model);
    await run.resume();
    expect(got.size).toBeGreaterThan(5);
    await over;
    let same: number[] = [];
    for (let step = 1; step <= STEPS && same.length === 0; step++) {
      const then = await fresh(changes);
      await train(then, step);
      const wanted = await read(then);
      const equal = [...got].filter(([name, bytes]) => wanted.get(name) === bytes);
      if (equal.length > 0) same = [step, equal.length];
    }
    expect(same[1]).toBe(got.size);
    expect(same[0]).toBeLessThan(STEPS);
  });

  test('values of several adapters that train together belong to one step too', async () => {
    const model = await fresh();
    await model.add_adapter('other', new VeraConfig({ ...config }));
    await model.set_adapter(['default', 'other']);
    const run = train(model, 5000); // more steps than fit between the reads
    await firstLog(run);
    // Both adapters learn the same, so their difference is 0 after each step. A read that mixes two steps would show
    // another difference.
    const parts = { adapters: ['default', 'other'], weights: [1, -1] };
    const reads: AdapterFiles[] = [];
    for (let read = 0; read < 8; read++) reads.push(await model.save_as_lora(parts));
    const { global_step } = await run.stop();
    expect(global_step).toBeLessThan(5000);
    for (const files of reads) expect(await isZero(files)).toBe(true);
    expect(await isZero(await model.save_as_lora({ adapters: ['default', 'other'], weights: [1, 1] }))).toBe(false);
  });
});

/** Whether the second half of the LoRA's ranks cancels the first half, as it does for equal adapters with opposite weights. */
async function isZero(files: AdapterFiles): Promise<boolean> {
  const r = config.r ?? 0;
  for (const [name, values] of await vectorsOf(files)) {
    const isA = name.includes('lora_A');
    // A: (2r, in), B: (out, 2r)
    const columns = isA ? values.length / (2 * r) : 2 * r;
    for (let i = 0; i < values.length; i++) {
      const [row, column] = [Math.floor(i / columns), i % columns];
      if ((isA ? row : column) >= r) continue;
      const other = isA ? values[(row + r) * columns + column] : values[row * columns + column + r];
      if (values[i] !== (isA ? other : -(other ?? 0))) return false;
    }
  }
  return true;
}

test('reading an adapter from a slow server delays no other change', async () => {
  const model = await fresh();
  await model.add_adapter('other', new VeraConfig(config));
  const files = await model.save_pretrained();
  const answered = withResolvers();
  const asked = withResolvers();
  const weights = files['adapter_model.safetensors'];
  const slow = (blob: Blob): Blob =>
    Object.assign(blob, {
      slice: (start?: number, end?: number) => slow(weights.slice(start, end)),
      async arrayBuffer() {
        asked.resolve();
        await answered.promise;
        return Blob.prototype.arrayBuffer.call(blob);
      },
    });
  const loading = model.load_adapter({ ...files, 'adapter_model.safetensors': slow(new Blob([weights])) }, 'slow');
  await asked.promise;
  await model.set_adapter('other');
  expect(model.active_adapters).toEqual(['other']);
  answered.resolve();
  await loading;
  expect(Object.keys(model.peft_config)).toEqual(['default', 'other', 'slow']);
  expect(model.active_adapters).toEqual(['other']);
});
