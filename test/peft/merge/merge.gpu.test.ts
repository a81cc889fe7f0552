import { describe, expect, test } from 'vitest';
import { layoutVectors } from '../../../src/adapters/vera/vera_layout';
import { f16ToF32, f32ToF16 } from '../../../src/core/numbers/float16';
import { AutoModelForCausalLM, type PreTrainedModel, VeraModel } from '../../../src/index';
import { largestDifference } from '../../helpers/golden/golden';
import { tinyConfig } from '../../helpers/models/tiny_llama';
import { dtypes, logitsOf, MERGED, MODULES, mergeScene, stateOf } from './merge_scene';

const scene = mergeScene();

/** Returns the numbers' bits, because NaN isn't equal to itself. */
const bitsOf = (numbers: Float32Array) => new Uint32Array(numbers.slice().buffer);

/** Returns the offset of a module's λ_b in the buffer of all vectors of an adapter with the configuration `tinyVera`. */
function offsetOf(model: PreTrainedModel, module: string): number {
  const modules = model.named_modules().flatMap(({ name, in_features = 0, out_features = 0 }) => {
    return MODULES.includes(name) ? [{ name, in_features, out_features }] : [];
  });
  return layoutVectors(modules, 8).slots.get(module)!.offsetB;
}

describe.each(dtypes)('a base in %s', (dtype) => {
  test('merging and unmerging leaves every byte, on the device and as it is read', async () => {
    const [base, model] = await scene.load(dtype);
    const [logits, state] = [await logitsOf(model), await stateOf(base)];
    const [bytes, memory] = [await scene.rawBytes(), scene.opened.storageBytes()];
    // Besides the weights, the device holds rotary tables, A, B and the vectors.
    expect([...bytes.keys()].length).toBe(state.size + 4);

    for (const safe_merge of [false, true]) {
      await model.merge_adapter({ safe_merge });
      expect(await stateOf(model)).not.toEqual(state);
      // The base model's own weights stay unchanged.
      expect(await stateOf(base)).toEqual(state);
      const merged = await scene.opened.contents();
      for (const [name, before] of bytes) expect(merged.get(name), name).toEqual(before);
      expect(largestDifference(await logitsOf(model), logits)).toBeGreaterThan(0);
      await model.unmerge_adapter();
      expect(await stateOf(model)).toEqual(state);
      expect(await scene.rawBytes()).toEqual(bytes);
      expect(await logitsOf(model)).toEqual(logits);
      expect(scene.opened.storageBytes()).toBe(memory);
    }
    await base.dispose();
  });

  test('what is merged is the weight plus the change, and no other tensor differs', async () => {
    const [base, model] = await scene.load(dtype);
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
      // The float32 sums are below 2. A float16 below 2 has an error of 2⁻¹¹ at most.
      expect(largestDifference(data, sum)).toBeLessThanOrEqual(dtype === 'F16' ? 2 ** -11 + 1e-6 : 1e-6);
    }
    await base.dispose();
  });

  test('a merged model computes what the adapter does', async () => {
    const [base, model] = await scene.load(dtype);
    const logits = await logitsOf(model);
    const scale = logits.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    await model.merge_adapter();
    // For float32 the tolerance is PEFT's. In float16, relative errors of 2⁻¹¹ in the weights add up over six layers.
    expect(largestDifference(await logitsOf(model), logits)).toBeLessThanOrEqual(
      scale * (dtype === 'F16' ? 6 * 2 ** -11 : 1e-5),
    );
    await base.dispose();
  });
});

test('a merged half-precision weight is the float32 sum, rounded once to the nearest', async () => {
  const half = await scene.loadTiny('F16');
  const [model, exact] = [
    await VeraModel.from_pretrained(half, scene.first),
    await VeraModel.from_pretrained(await scene.loadTiny('F16', { dtype: 'float32' }), scene.first),
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
  // Most of the sums aren't exact in float16, so they are rounded.
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
      const [base, model] = await scene.load(dtype);
      const logits = await logitsOf(base);
      scene.opened.overwrite('pool of default', offsetOf(model, module), [value]);
      const broken = bitsOf(await logitsOf(model));
      expect(broken).not.toEqual(bitsOf(logits));
      const [state, bytes, memory] = [await stateOf(model), await scene.rawBytes(), scene.opened.storageBytes()];
      await expect(model.merge_adapter({ safe_merge: true })).rejects.toMatchObject({
        code: 'numerical_error',
        message: 'NaNs detected in the merged weights. The adapter default seems to be broken',
      });
      expect(model.get_model_status().merged_adapters).toEqual([]);
      expect(await scene.rawBytes()).toEqual(bytes);
      expect([...(await scene.opened.contents()).keys()].filter((label) => label.startsWith('merged'))).toEqual([]);
      expect(scene.opened.storageBytes()).toBe(memory);
      expect(await stateOf(model)).toEqual(state);
      expect(await logitsOf(base)).toEqual(logits);
      expect(bitsOf(await logitsOf(model))).toEqual(broken);
      await expect(model.merge_and_unload({ safe_merge: true })).rejects.toMatchObject({ code: 'numerical_error' });
      expect(scene.opened.storageBytes()).toBe(memory);
      expect(model.active_adapters).toEqual(['default']);
      await base.dispose();
    }
  });

  test('leaves earlier merges unchanged', async () => {
    const [base, model] = await scene.load();
    await model.load_adapter(scene.second, 'second');
    await model.merge_adapter();
    const [logits, memory] = [await logitsOf(model), scene.opened.storageBytes()];
    scene.opened.overwrite('pool of second', 0, [Number.NaN]);
    await expect(model.merge_adapter({ safe_merge: true, adapter_names: ['second'] })).rejects.toMatchObject({
      code: 'numerical_error',
    });
    expect(model.get_model_status().merged_adapters).toEqual(['default']);
    expect(await logitsOf(model)).toEqual(logits);
    expect(scene.opened.storageBytes()).toBe(memory);
    await base.dispose();
  });

  test('is optional: without it a broken adapter is merged, and can be unmerged', async () => {
    const [base, model] = await scene.load();
    const logits = await logitsOf(base);
    scene.opened.overwrite('pool of default', offsetOf(model, MODULES.at(-1)!), [Number.NaN]);
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

test.each([1, 3, 5])('a merge that is aborted after %i of six weights changes nothing', async (count) => {
  const [base, model] = await scene.load();
  const logits = await logitsOf(model);
  await model.state_dict();
  const [bytes, memory] = [await scene.rawBytes(), scene.opened.storageBytes()];
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
  // This change of the model waits until the aborted merge has been undone.
  await model.set_adapter('default');
  expect(model.get_model_status().merged_adapters).toEqual([]);
  expect(await logitsOf(model)).toEqual(logits);
  expect(await scene.rawBytes()).toEqual(bytes);
  expect(scene.opened.storageBytes()).toBe(memory);
  await model.merge_adapter();
  await base.dispose();
});

describe('a tied head that is wrapped', () => {
  test('merges into a weight of its own; the embedding stays', async () => {
    const [base, model] = await scene.load('F32', scene.onHead);
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
    const again = await AutoModelForCausalLM.from_pretrained({ files: folder }, { session: scene.opened.session });
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

  test('is tied again in an export after unmerging', async () => {
    const [base, model] = await scene.load('F32', scene.onHead);
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
