import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { layoutVectors } from '../../src/adapters/vera/parameters';
import { f16ToF32, f32ToF16 } from '../../src/core/float16';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors';
import {
  type AdapterFiles,
  AutoModelForCausalLM,
  get_peft_model,
  type PreTrainedModel,
  Trainer,
  VeraConfig,
  VeraModel,
} from '../../src/index';
import { largestDifference } from '../helpers/golden';
import { randomAdapter } from '../helpers/random_adapter';
import { bytesOf, openTestSession, type TestSession } from '../helpers/session';
import { tinyConfig, tinyFiles, tinyHalves, tinyRow, tinyVera } from '../helpers/tiny_llama';

const input_ids = [tinyRow(12, 4).input_ids, tinyRow(12, 5).input_ids];
const otherVera = new VeraConfig({ r: 4, target_modules: ['v_proj', 'gate_proj'], projection_prng_key: 7 });
const headVera = new VeraConfig({ r: 8, target_modules: ['lm_head', 'q_proj'] });
const MODULES = [0, 1].flatMap((layer) =>
  ['self_attn.q_proj', 'self_attn.v_proj', 'mlp.down_proj'].map((name) => `model.layers.${layer}.${name}`),
);
const MERGED = MODULES.map((name) => `${name}.weight`);

const dtypes = ['F32', 'F16'] as const;
type Dtype = (typeof dtypes)[number];

let opened: TestSession;
/** Seeded adapters over a tiny base. */
let first: AdapterFiles;
let second: AdapterFiles;
let onHead: AdapterFiles;
beforeAll(async () => {
  opened = await openTestSession();
  const base = await loadTiny('F32');
  first = await randomAdapter(base, tinyVera, 1);
  second = await randomAdapter(base, otherVera, 2);
  onHead = await randomAdapter(base, headVera, 3);
  await base.dispose();
});
afterAll(() => opened.session.close());
beforeEach(() => {
  expect(opened.liveBytes()).toBe(0);
  opened.warnings.splice(0);
});
/** Bases that a test that failed left behind. */
const loaded = new Set<PreTrainedModel>();
afterEach(async () => {
  for (const base of loaded) await base.dispose();
  loaded.clear();
});

async function loadTiny(dtype: Dtype, options: { dtype?: 'float32' } = {}): Promise<PreTrainedModel> {
  const files = dtype === 'F16' ? tinyFiles({ weights: writeSafetensors(tinyHalves()) }) : tinyFiles();
  const base = await AutoModelForCausalLM.from_pretrained(files, { session: opened.session, ...options });
  loaded.add(base);
  return base;
}

async function load(dtype: Dtype = 'F32', files: AdapterFiles = first): Promise<[PreTrainedModel, VeraModel]> {
  const base = await loadTiny(dtype);
  return [base, await VeraModel.from_pretrained(base, files, { is_trainable: true })];
}

const logitsOf = async (model: PreTrainedModel) => (await model.forward({ input_ids })).logits.data;

/** As numbers that equal themselves, unlike NaN. */
const bitsOf = (numbers: Float32Array) => new Uint32Array(numbers.slice().buffer);

async function stateOf(model: PreTrainedModel, names?: readonly string[]): Promise<Map<string, number[]>> {
  return new Map([...(await model.state_dict(names))].map(([name, { data }]) => [name, [...data]]));
}

/** The bytes of all that a model and its adapters hold, without what a pass brings. */
async function rawBytes(): Promise<Map<string, Uint8Array>> {
  const ofPasses = ['input_ids', 'positions', 'spans', 'label rows', 'labels'];
  return new Map([...(await opened.contents())].filter(([label]) => !ofPasses.includes(label)));
}

/** Where λ_b of a module begins in tinyVera's pool. */
function offsetOf(model: PreTrainedModel, module: string): number {
  const modules = model.named_modules().flatMap(({ name, in_features = 0, out_features = 0 }) => {
    return MODULES.includes(name) ? [{ name, in_features, out_features }] : [];
  });
  return layoutVectors(modules, 8).slots.get(module)!.lambdaB;
}

describe.each(dtypes)('a base in %s', (dtype) => {
  test('merging and unmerging leaves every byte, on the device and as it is read', async () => {
    const [base, model] = await load(dtype);
    const [logits, state] = [await logitsOf(model), await stateOf(base)];
    const [bytes, memory] = [await rawBytes(), opened.storageBytes()];
    // Weights, rotary tables, A, B and the vectors.
    expect([...bytes.keys()].length).toBe(state.size + 4);

    for (const safe_merge of [false, true]) {
      await model.merge_adapter({ safe_merge });
      expect(await stateOf(model)).not.toEqual(state);
      // The base model's own weights are where they were all the time.
      expect(await stateOf(base)).toEqual(state);
      const merged = await opened.contents();
      for (const [name, before] of bytes) expect(merged.get(name), name).toEqual(before);
      expect(largestDifference(await logitsOf(model), logits)).toBeGreaterThan(0);
      await model.unmerge_adapter();
      expect(await stateOf(model)).toEqual(state);
      expect(await rawBytes()).toEqual(bytes);
      expect(await logitsOf(model)).toEqual(logits);
      expect(opened.storageBytes()).toBe(memory);
    }
    await base.dispose();
  });

  test('what is merged is the weight plus the change, and no other tensor differs', async () => {
    const [base, model] = await load(dtype);
    const state = await base.state_dict();
    await model.merge_adapter();
    const merged = await model.state_dict();
    expect([...merged.keys()]).toEqual([...state.keys()]);
    for (const [name, { data }] of merged) {
      const before = state.get(name)!.data;
      if (!MERGED.includes(name)) {
        expect(data, name).toEqual(before);
        continue;
      }
      const delta = (await model.get_delta_weight(name.replace('.weight', ''))).data;
      expect(delta.some((value) => Math.abs(value) > 1e-3)).toBe(true);
      const sum = before.map((value, index) => value + delta[index]!);
      // Sums below 2 in float32; a half below 2 is off by 2⁻¹¹ at most.
      expect(largestDifference(data, sum)).toBeLessThanOrEqual(dtype === 'F16' ? 2 ** -11 + 1e-6 : 1e-6);
    }
    await base.dispose();
  });

  test('a merged model computes what the adapter does', async () => {
    const [base, model] = await load(dtype);
    const logits = await logitsOf(model);
    const scale = logits.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    await model.merge_adapter();
    // In float32, PEFT's tolerance; halves are off by 2⁻¹¹ of a weight, and six layers of such add up.
    expect(largestDifference(await logitsOf(model), logits)).toBeLessThanOrEqual(
      scale * (dtype === 'F16' ? 6 * 2 ** -11 : 1e-5),
    );
    await base.dispose();
  });
});

test('a merged half-precision weight is the float32 sum, rounded once to the nearest', async () => {
  const half = await loadTiny('F16');
  const [model, exact] = [
    await VeraModel.from_pretrained(half, first),
    await VeraModel.from_pretrained(await loadTiny('F16', { dtype: 'float32' }), first),
  ];
  for (const each of [model, exact]) await each.merge_adapter();
  const [rounded, sums] = [await model.state_dict(MERGED), await exact.state_dict(MERGED)];
  let between = 0;
  for (const name of MERGED) {
    rounded.get(name)!.data.forEach((value, index) => {
      const sum = sums.get(name)!.data[index]!;
      const [bits] = f32ToF16(Float32Array.of(value));
      const [own, below, above] = f16ToF32(Uint16Array.of(bits!, bits! - 1, bits! + 1));
      expect(own).toBe(value);
      const away = Math.abs(value - sum);
      expect(away).toBeLessThanOrEqual(Math.min(Math.abs(sum - below!), Math.abs(sum - above!)));
      if (away > 0) between += 1;
    });
  }
  // Nearly no sum is a half by chance.
  expect(between).toBeGreaterThan(1000);
  await half.dispose();
  await exact.dispose();
});

describe('safe_merge', () => {
  test.each([
    { what: 'NaN in the first module', module: MODULES[0]!, value: Number.NaN },
    { what: 'NaN in the last module alone', module: MODULES.at(-1)!, value: Number.NaN },
    { what: 'an infinity in the middle', module: MODULES[3]!, value: Number.POSITIVE_INFINITY },
  ])('refuses $what, and nothing has changed', async ({ module, value }) => {
    for (const dtype of dtypes) {
      const [base, model] = await load(dtype);
      const logits = await logitsOf(base);
      opened.overwrite('pool of default', offsetOf(model, module), [value]);
      const broken = bitsOf(await logitsOf(model));
      expect(broken).not.toEqual(bitsOf(logits));
      const [state, bytes, memory] = [await stateOf(model), await rawBytes(), opened.storageBytes()];
      await expect(model.merge_adapter({ safe_merge: true })).rejects.toMatchObject({
        code: 'numerical_error',
        message: 'NaNs detected in the merged weights. The adapter default seems to be broken',
      });
      expect(model.get_model_status().merged_adapters).toEqual([]);
      expect(await rawBytes()).toEqual(bytes);
      expect([...(await opened.contents()).keys()].filter((label) => label.startsWith('merged'))).toEqual([]);
      expect(opened.storageBytes()).toBe(memory);
      expect(await stateOf(model)).toEqual(state);
      expect(await logitsOf(base)).toEqual(logits);
      expect(bitsOf(await logitsOf(model))).toEqual(broken);
      await expect(model.merge_and_unload({ safe_merge: true })).rejects.toMatchObject({ code: 'numerical_error' });
      expect(opened.storageBytes()).toBe(memory);
      expect(model.active_adapters).toEqual(['default']);
      await base.dispose();
    }
  });

  test('leaves what was merged before', async () => {
    const [base, model] = await load();
    await model.load_adapter(second, 'second');
    await model.merge_adapter();
    const [logits, memory] = [await logitsOf(model), opened.storageBytes()];
    opened.overwrite('pool of second', 0, [Number.NaN]);
    await expect(model.merge_adapter({ safe_merge: true, adapter_names: ['second'] })).rejects.toMatchObject({
      code: 'numerical_error',
    });
    expect(model.get_model_status().merged_adapters).toEqual(['default']);
    expect(await logitsOf(model)).toEqual(logits);
    expect(opened.storageBytes()).toBe(memory);
    await base.dispose();
  });

  test('is asked for: without it what is broken is merged, and can be taken out again', async () => {
    const [base, model] = await load();
    const logits = await logitsOf(base);
    opened.overwrite('pool of default', offsetOf(model, MODULES.at(-1)!), [Number.NaN]);
    await model.merge_adapter();
    expect(model.get_model_status().merged_adapters).toEqual(['default']);
    const { data } = (await model.state_dict([MERGED.at(-1)!])).get(MERGED.at(-1)!)!;
    expect([...data.subarray(0, 24)].every(Number.isNaN)).toBe(true);
    expect([...data.subarray(24)].every(Number.isFinite)).toBe(true);
    await model.unmerge_adapter();
    expect(await logitsOf(base)).toEqual(logits);
    expect(await model.disable_adapter(() => logitsOf(model))).toEqual(logits);
    await base.dispose();
  });
});

test.each([1, 3, 5])('a merge that is aborted after %i of six weights leaves everything', async (count) => {
  const [base, model] = await load();
  const logits = await logitsOf(model);
  await model.state_dict();
  const [bytes, memory] = [await rawBytes(), opened.storageBytes()];
  const controller = new AbortController();
  const reason = new Error('enough');
  const seen: string[] = [];
  const merging = model.merge_and_unload({
    signal: controller.signal,
    safe_merge: true,
    progressbar: (done, total) => {
      seen.push(`${done}/${total}`);
      if (done === count) controller.abort(reason);
    },
  });
  await expect(merging).rejects.toBe(reason);
  expect(seen.slice(0, count)).toEqual(Array.from({ length: count }, (_, index) => `${index + 1}/6`));
  expect(seen.length).toBeLessThan(6);
  // What was under way ends before the next change begins.
  await model.set_adapter('default');
  expect(model.get_model_status().merged_adapters).toEqual([]);
  expect(await logitsOf(model)).toEqual(logits);
  expect(await rawBytes()).toEqual(bytes);
  expect(opened.storageBytes()).toBe(memory);
  await model.merge_adapter();
  await base.dispose();
});

describe('a tied head that is wrapped', () => {
  test('merges into a weight of its own; the embedding stays', async () => {
    const [base, model] = await load('F32', onHead);
    const embedding = await stateOf(base, ['model.embed_tokens.weight']);
    const [logits, baseLogits] = [await logitsOf(model), await logitsOf(base)];
    await model.merge_adapter({ safe_merge: true });
    const state = await model.state_dict();
    expect([...state.get('model.embed_tokens.weight')!.data]).toEqual(embedding.get('model.embed_tokens.weight'));
    const delta = (await model.get_delta_weight('lm_head')).data;
    const sum = delta.map((value, index) => value + embedding.get('model.embed_tokens.weight')![index]!);
    expect(largestDifference(state.get('lm_head.weight')!.data, sum)).toBeLessThan(1e-6);
    expect(largestDifference(await logitsOf(model), logits)).toBeLessThan(1e-4);
    expect(await logitsOf(base)).toEqual(baseLogits);

    const folder = await model.export_model();
    const config = JSON.parse(await folder.get('config.json')!.text());
    expect(config).toEqual({ ...tinyConfig, tie_word_embeddings: false, ...pick(config, Object.keys(tinyConfig)) });
    expect(config.tie_word_embeddings).toBe(false);
    const again = await AutoModelForCausalLM.from_pretrained({ files: folder }, { session: opened.session });
    expect(await logitsOf(again)).toEqual(await logitsOf(model));
    expect(again.config.tie_word_embeddings).toBe(false);
    await again.dispose();

    const merged = await logitsOf(model);
    const unloaded = await model.merge_and_unload();
    expect(unloaded.config.tie_word_embeddings).toBe(false);
    expect(base.config.tie_word_embeddings).toBe(true);
    expect(await logitsOf(unloaded)).toEqual(merged);
    expect(await logitsOf(base)).toEqual(baseLogits);
    await base.dispose();
  });

  test('is tied again in what is exported once the adapter is out', async () => {
    const [base, model] = await load('F32', onHead);
    await model.merge_adapter();
    await model.unmerge_adapter();
    const folder = await model.export_model();
    expect(JSON.parse(await folder.get('config.json')!.text()).tie_word_embeddings).toBe(true);
    await base.dispose();
  });
});

function pick(config: Record<string, unknown>, without: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).filter(([name]) => !without.includes(name)));
}

describe.each(dtypes)('export_model of a base in %s', (dtype) => {
  test('gives a folder that computes the same bit for bit', async () => {
    const [base, model] = await load(dtype);
    await model.merge_adapter();
    const folder = await model.export_model();
    const again = await AutoModelForCausalLM.from_pretrained({ files: folder }, { session: opened.session });
    expect(await logitsOf(again)).toEqual(await logitsOf(model));
    expect(await stateOf(again)).toEqual(await stateOf(model));
    const { tensors } = readSafetensors(await bytesOf(folder.get('model.safetensors')!));
    for (const [name, tensor] of tensors) expect(tensor.dtype, name).toBe(MERGED.includes(name) ? dtype : tensor.dtype);
    // Not merged, the adapter isn't in the folder.
    await model.unmerge_adapter();
    const plain = await AutoModelForCausalLM.from_pretrained(
      { files: await model.export_model() },
      { session: opened.session },
    );
    expect(await logitsOf(plain)).toEqual(await logitsOf(base));
    for (const each of [again, plain, base]) await each.dispose();
  });

  test('merge_and_unload gives what merging gives, and unload what the base gives', async () => {
    const [base, model] = await load(dtype);
    const [plain, state] = [await logitsOf(base), await stateOf(base)];
    await model.merge_adapter();
    const [merged, mergedState] = [await logitsOf(model), await stateOf(model)];
    await model.unmerge_adapter();
    const unloaded = await model.merge_and_unload({ safe_merge: true });
    expect(await logitsOf(unloaded)).toEqual(merged);
    expect(await stateOf(unloaded)).toEqual(mergedState);
    expect([await logitsOf(base), await stateOf(base)]).toEqual([plain, state]);
    await expect(model.forward({ input_ids })).rejects.toMatchObject({ code: 'invalid_argument' });

    const another = await VeraModel.from_pretrained(base, first);
    await another.merge_adapter();
    expect(await logitsOf(await another.unload())).toEqual(plain);
    await base.dispose();
  });
});

test('unmerging, unloading and disposing give the memory back', async () => {
  const base = await loadTiny('F32');
  await logitsOf(base);
  await base.state_dict();
  const ofBase = opened.storageBytes();
  for (const dispose of ['unload', 'merge_and_unload', 'dispose'] as const) {
    const model = await VeraModel.from_pretrained(base, first);
    await logitsOf(model);
    const before = opened.storageBytes();
    await model.merge_adapter();
    expect(opened.storageBytes()).toBeGreaterThan(before);
    await logitsOf(model);
    await model.unmerge_adapter();
    expect(opened.storageBytes()).toBe(before);
    if (dispose === 'unload') {
      expect(await logitsOf(await model.unload())).toEqual(await logitsOf(base));
      expect(opened.storageBytes()).toBe(ofBase);
    } else if (dispose === 'merge_and_unload') {
      const unloaded = await model.merge_and_unload();
      const weights = [...(await base.state_dict(MERGED)).values()].reduce((sum, { data }) => sum + data.byteLength, 0);
      expect(opened.storageBytes()).toBe(ofBase + weights);
      // They share the other weights, and so end together.
      await unloaded.dispose();
      expect(opened.liveBytes()).toBe(0);
      await expect(base.forward({ input_ids })).rejects.toMatchObject({ code: 'invalid_argument' });
    }
    if (opened.liveBytes() === 0) break;
  }
  const [again, model] = await load();
  await model.merge_adapter();
  await logitsOf(model);
  await model.dispose();
  expect(opened.liveBytes()).toBe(0);
  await again.dispose();
});

describe('while merged', () => {
  test('a text that was begun goes on with the old weights', async () => {
    const [base, model] = await load();
    const config = { max_new_tokens: 60, do_sample: true, seed: 5, eos_token_id: null };
    const tokensOf = async (): Promise<number[]> => {
      const tokens: number[] = [];
      for await (const { token_id } of model.generate([3, 4, 5], config)) tokens.push(token_id);
      return tokens;
    };
    const expected = await tokensOf();
    const tokens: number[] = [];
    let merging: Promise<void> | undefined;
    let tokensAtMerge = Number.POSITIVE_INFINITY;
    for await (const { token_id } of model.generate([3, 4, 5], config)) {
      tokens.push(token_id);
      if (tokens.length === 3) {
        merging = model.merge_adapter().then(() => {
          tokensAtMerge = tokens.length;
        });
      }
    }
    await merging;
    expect(tokensAtMerge).toBeLessThan(60);
    expect(tokens).toEqual(expected);
    expect(model.get_model_status().merged_adapters).toEqual(['default']);
    // Made anew over the merged weights, up to rounding the same text again.
    expect(await tokensOf()).toHaveLength(60);
    await base.dispose();
  });

  test('a text that uses merged weights ends when they go', async () => {
    const [base, model] = await load();
    await model.merge_adapter();
    const tokens: number[] = [];
    const reading = (async () => {
      for await (const { token_id } of model.generate([3], { max_new_tokens: 500, eos_token_id: null })) {
        tokens.push(token_id);
        if (tokens.length === 2) await model.unmerge_adapter();
      }
    })();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    await base.dispose();
  });

  test('set_adapter takes everything out first, with a warning', async () => {
    const [base, model] = await load();
    await model.load_adapter(second, 'second');
    await model.set_adapter('second');
    const logits = await logitsOf(model);
    await model.merge_adapter({ adapter_names: ['default', 'second'] });
    expect(model.get_model_status().merged_adapters).toEqual(['default', 'second']);
    await expect(model.set_adapter('none')).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(model.get_model_status().merged_adapters).toEqual(['default', 'second']);
    await model.set_adapter('second');
    expect(opened.warnings).toContain('unmerged');
    expect(model.get_model_status().merged_adapters).toEqual([]);
    expect(await logitsOf(model)).toEqual(logits);
    expect(await stateOf(model)).toEqual(await stateOf(base));
    await base.dispose();
  });

  test('a merged adapter is not deleted; another one is', async () => {
    const [base, model] = await load();
    await model.load_adapter(second, 'second');
    await model.merge_adapter();
    const merged = await logitsOf(model);
    await expect(model.delete_adapter('default')).rejects.toMatchObject({
      code: 'invalid_argument',
      message: "Cannot delete adapter(s) ['default'] while they are merged. Please unmerge them first.",
    });
    expect(await logitsOf(model)).toEqual(merged);
    await model.delete_adapter('second');
    expect(Object.keys(model.peft_config)).toEqual(['default']);
    expect(await logitsOf(model)).toEqual(merged);
    await model.unmerge_adapter();
    await model.delete_adapter('default');
    expect(await stateOf(model)).toEqual(await stateOf(base));
    await base.dispose();
  });

  test('training is refused, and works again afterwards', async () => {
    const [base, model] = await load();
    const train = () => new Trainer({ model, args: { max_steps: 1 }, train_dataset: [tinyRow(20)] }).train();
    await model.merge_adapter();
    const [merged, memory] = [await logitsOf(model), opened.storageBytes()];
    await expect(train()).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(await logitsOf(model)).toEqual(merged);
    expect(opened.storageBytes()).toBe(memory);
    await model.unmerge_adapter();
    expect((await train()).global_step).toBe(1);
    await base.dispose();
  });

  test('a merge that comes while the adapter trains takes it as it is then, and the run goes on', async () => {
    const [base, model] = await load();
    const run = new Trainer({ model, args: { max_steps: 8 }, train_dataset: [tinyRow(20)] }).train();
    let merged: Promise<void> | undefined;
    for await (const event of run) if (event.type === 'log') merged ??= model.merge_adapter({ safe_merge: true });
    await merged;
    expect((await run).global_step).toBe(8);
    await model.unmerge_adapter();
    await base.dispose();
  });

  test('disable_adapter gives the base model, and merged weights come back', async () => {
    const [base, model] = await load();
    await model.merge_adapter();
    const merged = await logitsOf(model);
    expect(await model.disable_adapter(() => logitsOf(model))).toEqual(await logitsOf(base));
    expect(await logitsOf(model)).toEqual(merged);
    // What is unloaded while they are disabled has the merged weights all the same.
    const unloaded = await model.disable_adapter(() => model.merge_and_unload());
    expect(await logitsOf(unloaded)).toEqual(merged);
    await base.dispose();
  });

  test('disable_adapter ends well where the model is no more', async () => {
    const [base, model] = await load();
    await model.disable_adapter(() => model.dispose());
    await expect(base.forward({ input_ids })).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  test('merging again does nothing, with a warning; a further adapter goes on top', async () => {
    const [base, model] = await load();
    await model.load_adapter(second, 'second');
    await model.set_adapter(['default', 'second']);
    const both = await logitsOf(model);
    const memory = opened.storageBytes();
    await model.merge_adapter({ adapter_names: ['default'] });
    const merged = await logitsOf(model);
    await model.merge_adapter({ adapter_names: ['default'] });
    expect(opened.warnings).toContain('already_merged');
    expect(await logitsOf(model)).toEqual(merged);
    await model.merge_adapter({ adapter_names: ['second'] });
    const oneByOne = await stateOf(model);
    expect(largestDifference(await logitsOf(model), both)).toBeLessThan(1e-4);
    await model.unmerge_adapter();
    await model.merge_adapter();
    // The same sums in the same order.
    expect(await stateOf(model)).toEqual(oneByOne);
    await model.unmerge_adapter();
    expect(await logitsOf(model)).toEqual(both);
    expect(opened.storageBytes()).toBe(memory);
    await model.unmerge_adapter();
    expect(opened.warnings).toContain('already_unmerged');
    await base.dispose();
  });
});

test('a new adapter over a merged model: begins at its results, trains, merges, and goes', async () => {
  const [base, model] = await load();
  const plain = await logitsOf(base);
  await model.merge_adapter();
  const merged = await logitsOf(model);
  const unloaded = await model.merge_and_unload();
  const vera = await get_peft_model(unloaded, tinyVera);
  expect(await logitsOf(vera)).toEqual(merged);
  const args = { max_steps: 3, learning_rate: 0.1 };
  await new Trainer({ model: vera, args, train_dataset: [tinyRow(20)] }).train();
  const trained = await logitsOf(vera);
  expect(largestDifference(trained, merged)).toBeGreaterThan(1e-3);
  expect(await logitsOf(unloaded)).toEqual(merged);
  const twice = await vera.merge_and_unload();
  expect(largestDifference(await logitsOf(twice), trained)).toBeLessThan(1e-4);
  expect(await logitsOf(unloaded)).toEqual(merged);
  expect(await logitsOf(base)).toEqual(plain);
  await twice.dispose();
  for (const each of [base, unloaded, twice])
    await expect(each.forward({ input_ids })).rejects.toMatchObject({ code: 'invalid_argument' });
  expect(opened.liveBytes()).toBe(0);
});
