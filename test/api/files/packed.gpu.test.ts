import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { storages } from '../../../src/core/numbers/storage';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { writeTensors } from '../../../src/formats/tensors/tensors';
import { toFloat32 } from '../../../src/formats/tensors/values';
import {
  AutoModelForCausalLM,
  get_peft_model,
  type ModelDtype,
  type PreTrainedModel,
  type Tensor,
  Trainer,
  VeraConfig,
  type VeraModel,
} from '../../../src/index';
import { goldenBase, largestDifference } from '../../helpers/golden/golden';
import { openTestSession, type TestSession } from '../../helpers/session/session';

// llvmpipe takes seconds to compile a matrix product's kernel that isn't in Mesa's shader cache.
vi.setConfig({ testTimeout: 240_000 });

let opened: TestSession;
beforeAll(async () => {
  opened = await openTestSession();
});
afterAll(() => opened.session.close());

const PACKED = Object.values(storages).filter(({ packed }) => packed !== undefined);
const files = new Map(goldenBase('base/llama').files);
const tokens = [5, 17, 60, 3, 44, 9, 21, 70];
const TARGETS = ['q_proj', 'v_proj', 'down_proj'];

const load = (dtype: ModelDtype, source = files): Promise<PreTrainedModel> =>
  AutoModelForCausalLM.from_pretrained({ files: source }, { session: opened.session, dtype });

/** Loads a float32 model with the decoded weights of a packed model. */
function widened(tensors: ReadonlyMap<string, Tensor>): Promise<PreTrainedModel> {
  return load('float32', new Map([...files, ['model.safetensors', new Blob([writeTensors(tensors)])]]));
}

async function readModel(folder: ReadonlyMap<string, Blob>) {
  const file = folder.get('model.safetensors');
  if (file === undefined) throw new Error('there are no weights');
  return readSafetensors(new Uint8Array(await file.arrayBuffer())).tensors;
}

const adapted = (model: PreTrainedModel): Promise<VeraModel> =>
  get_peft_model(model, new VeraConfig({ r: 8, target_modules: TARGETS, save_projection: false }));

async function train(model: VeraModel) {
  const run = new Trainer({
    model,
    args: { max_steps: 4, learning_rate: 3e-2, per_device_train_batch_size: 2, save_strategy: 'no' },
    train_dataset: [{ input_ids: tokens }, { input_ids: tokens.toReversed() }],
  }).train();
  const losses: number[] = [];
  for await (const event of run) if (event.type === 'log') losses.push(event.logs.loss);
  await run;
  return losses;
}

describe.each(PACKED)('$dtype', ({ name: ofMatrices, dtype, forTokens }) => {
  test('holds matrices whose rows fit, each number as its storage does, and computes with just these', async () => {
    const original = await readModel(files);
    const before = opened.liveBytes();
    const model = await load(dtype);
    const bytes = opened.liveBytes() - before;
    const tensors = await model.state_dict();
    for (const [name, { dims, data }] of tensors) {
      const numbers = Float32Array.from(toFloat32(original.get(name)!));
      const fits = dims.length === 2 && dims[1]! % 32 === 0;
      const packing = name.includes('embed') || name.includes('lm_head') ? forTokens : ofMatrices;
      const storage = storages[fits ? packing : 'f32'];
      expect(data, name).toEqual(storage.decode(storage.encode(numbers, dims).buffer as ArrayBuffer, dims));
    }
    expect([...tensors.keys()].some((name) => name.includes('down_proj'))).toBe(true);
    const packed = opened.liveBytes();
    const whole = await widened(tensors);
    expect(bytes).toBeLessThan(0.6 * (opened.liveBytes() - packed));
    // The kernels of the two models differ only in how they read the weights.
    expect((await model.forward({ input_ids: [tokens] })).logits).toEqual(
      (await whole.forward({ input_ids: [tokens] })).logits,
    );
    expect(await model.generate(tokens, { max_new_tokens: 6 })).toBe(
      await whole.generate(tokens, { max_new_tokens: 6 }),
    );
    for (const one of [model, whole]) await one.dispose();
  });

  test('learns like the same numbers in float32', async () => {
    const model = await load(dtype);
    const whole = await widened(await model.state_dict());
    const [vera, expected] = [await adapted(model), await adapted(whole)];
    const losses = await train(vera);
    const others = await train(expected);
    expect(losses[3]).toBeLessThan(losses[0]! - 0.02);
    // Compilers may round the sum of a weight and the adapter's change once or twice, so the two models' losses may differ a little.
    for (const [step, loss] of losses.entries()) expect(Math.abs(loss - others[step]!)).toBeLessThan(2e-6 * loss);
    const lambdas = async (of: VeraModel) =>
      readSafetensors(new Uint8Array(await (await of.save_pretrained())['adapter_model.safetensors'].arrayBuffer()));
    const [{ tensors: found }, { tensors: exact }] = [await lambdas(vera), await lambdas(expected)];
    for (const [name, tensor] of found)
      expect(largestDifference(toFloat32(tensor), toFloat32(exact.get(name)!)), name).toBeLessThan(1e-4);
    for (const one of [model, whole]) await one.dispose();
  });

  test('merges into float16, and is restored by unmerging', async () => {
    const model = await load(dtype);
    const before = await model.state_dict();
    const whole = await widened(before);
    const [vera, expected] = [await adapted(model), await adapted(whole)];
    for (const one of [vera, expected]) await train(one);
    for (const one of [vera, expected]) await one.merge_adapter();
    const [merged, sums] = [await vera.state_dict(), await expected.state_dict()];
    const name = 'model.layers.0.self_attn.q_proj.weight';
    const { dims, data } = merged.get(name)!;
    const sum = Float32Array.from(sums.get(name)!.data);
    expect(data).toEqual(storages.f16.decode(storages.f16.encode(sum, dims).buffer as ArrayBuffer, dims));
    expect(data).not.toEqual(before.get(name)!.data);
    const folder = await vera.export_model();
    const written = await readModel(folder);
    expect(written.get(name)!.dtype).toBe('F16');
    expect(toFloat32(written.get(name)!)).toEqual(data);
    // In a packed tensor that isn't merged, each value is rounded only once, to float16.
    const other = 'model.layers.0.self_attn.o_proj.weight';
    const halves = storages.f16.encode(Float32Array.from(before.get(other)!.data), dims);
    expect(toFloat32(written.get(other)!)).toEqual(storages.f16.decode(halves.buffer as ArrayBuffer, dims));
    expect(JSON.parse(await folder.get('config.json')!.text()).dtype).toBe('float16');
    await vera.unmerge_adapter();
    expect(await model.state_dict()).toEqual(before);
    for (const one of [model, whole]) await one.dispose();
  });
});

test('bfloat16 keeps its bytes, computes like float32, and is written unchanged', async () => {
  const source = new Map(goldenBase('base/llama-bf16').files);
  const before = opened.liveBytes();
  const kept = await load('auto', source);
  const bytes = opened.liveBytes() - before;
  const whole = await load('float32', source);
  expect(bytes).toBeLessThan(0.7 * (opened.liveBytes() - before - bytes));
  expect((await kept.forward({ input_ids: [tokens] })).logits).toEqual(
    (await whole.forward({ input_ids: [tokens] })).logits,
  );
  const [written, original] = [await readModel(await kept.export_model()), await readModel(source)];
  const name = 'model.layers.1.mlp.up_proj.weight';
  expect(written.get(name)).toEqual(original.get(name));
  expect(written.get(name)!.dtype).toBe('BF16');
  for (const one of [kept, whole]) await one.dispose();
});

test('float32 may be held in bfloat16, rounded to the nearest', async () => {
  const model = await load('bfloat16');
  const name = 'model.layers.0.self_attn.q_proj.weight';
  const { dims, data } = (await model.state_dict([name])).get(name)!;
  const exact = toFloat32((await readModel(files)).get(name)!);
  expect(data).toEqual(
    storages.bf16.decode(storages.bf16.encode(Float32Array.from(exact), dims).buffer as ArrayBuffer, dims),
  );
  await model.dispose();
});
