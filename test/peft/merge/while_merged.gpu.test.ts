import { describe, expect, test } from 'vitest';
import { AutoModelForCausalLM, get_peft_model, LoraConfig, Trainer } from '../../../src/index';
import { idsOf } from '../../helpers/generated_ids';
import { goldenBase, largestDifference } from '../../helpers/golden/golden';
import { tinyRow, tinyVera } from '../../helpers/models/tiny_llama';
import { input_ids, logitsOf, mergeScene, stateOf } from './merge_scene';

const scene = mergeScene();

describe('while merged', () => {
  test('a text that was begun continues with the old weights', async () => {
    const [base, model] = await scene.load();
    // Merges once to compile the kernels, because compiling could take longer than generating the text.
    await model.merge_adapter();
    await model.unmerge_adapter();
    const config = { max_new_tokens: 60, do_sample: true, seed: 5, eos_token_id: null };
    const tokensOf = () => idsOf(model.generate([3, 4, 5], config));
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
    // Rounding may change the text that the merged weights generate, so only its length is checked.
    expect(await tokensOf()).toHaveLength(60);
    await base.dispose();
  });

  test('a text that uses merged weights ends when they are unmerged', async () => {
    const [base, model] = await scene.load();
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

  test('set_adapter unmerges everything first, with a warning', async () => {
    const [base, model] = await scene.load();
    await model.load_adapter(scene.second, 'second');
    await model.set_adapter('second');
    const logits = await logitsOf(model);
    await model.merge_adapter({ adapter_names: ['default', 'second'] });
    expect(model.get_model_status().merged_adapters).toEqual(['default', 'second']);
    await expect(model.set_adapter('none')).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(model.get_model_status().merged_adapters).toEqual(['default', 'second']);
    await model.set_adapter('second');
    expect(scene.opened.warnings).toContain('unmerged');
    expect(model.get_model_status().merged_adapters).toEqual([]);
    expect(await logitsOf(model)).toEqual(logits);
    expect(await stateOf(model)).toEqual(await stateOf(base));
    await base.dispose();
  });

  test('a merged adapter is not deleted; another one is', async () => {
    const [base, model] = await scene.load();
    await model.load_adapter(scene.second, 'second');
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

  test('an adapter whose bias is a part of a merged one is not deleted', async () => {
    const base = await AutoModelForCausalLM.from_pretrained(goldenBase('base/qwen2'), {
      session: scene.opened.session,
    });
    const model = await get_peft_model(base, new LoraConfig({ r: 2, target_modules: ['q_proj'], bias: 'lora_only' }));
    await model.add_adapter('shifted', new LoraConfig({ r: 2, target_modules: ['q_proj'], lora_bias: true }));
    await model.set_adapter('shifted');
    await model.merge_adapter();
    await expect(model.delete_adapter('default')).rejects.toMatchObject({ code: 'invalid_argument' });
    await model.unmerge_adapter();
    await model.delete_adapter('default');
    await base.dispose();
  });

  test('training is refused, and works again after unmerging', async () => {
    const [base, model] = await scene.load();
    const train = () => new Trainer({ model, args: { max_steps: 1 }, train_dataset: [tinyRow(20)] }).train();
    await model.merge_adapter();
    const [merged, memory] = [await logitsOf(model), scene.opened.storageBytes()];
    await expect(train()).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(await logitsOf(model)).toEqual(merged);
    expect(scene.opened.storageBytes()).toBe(memory);
    await model.unmerge_adapter();
    expect((await train()).global_step).toBe(1);
    await base.dispose();
  });

  test('a merge during a run waits for its end, and merges the trained values', async () => {
    const [base, model] = await scene.load();
    const run = new Trainer({ model, args: { max_steps: 8 }, train_dataset: [tinyRow(20)] }).train();
    let merged: Promise<void> | undefined;
    for await (const event of run) if (event.type === 'log') merged ??= model.merge_adapter({ safe_merge: true });
    await merged;
    expect(run.state.global_step).toBe(8);
    expect((await run).global_step).toBe(8);
    await model.unmerge_adapter();
    await base.dispose();
  });

  test('disable_adapter gives the base model, and merged weights are restored', async () => {
    const [base, model] = await scene.load();
    await model.merge_adapter();
    const merged = await logitsOf(model);
    expect(await model.disable_adapter(() => logitsOf(model))).toEqual(await logitsOf(base));
    expect(await logitsOf(model)).toEqual(merged);
    // Even while adapters are disabled, the unloaded model has the merged weights.
    const unloaded = await model.disable_adapter(() => model.merge_and_unload());
    expect(await logitsOf(unloaded)).toEqual(merged);
    await base.dispose();
  });

  test('unload keeps what is merged, as in PEFT', async () => {
    const [base, model] = await scene.load();
    const plain = await logitsOf(base);
    await model.merge_adapter();
    const [merged, state] = [await logitsOf(model), await stateOf(model)];
    const unloaded = await model.unload();
    expect([await logitsOf(unloaded), await stateOf(unloaded)]).toEqual([merged, state]);
    expect(await logitsOf(base)).toEqual(plain);
    await unloaded.dispose();
    expect(scene.opened.liveBytes()).toBe(0);
  });

  test('unload keeps merged weights in place of the whole modules and biases that they were computed from', async () => {
    const { session } = scene.opened;
    const base = await AutoModelForCausalLM.from_pretrained(goldenBase('base/qwen2'), { session });
    const whole = { r: 2, target_modules: ['q_proj'], modules_to_save: ['v_proj'], bias: 'all' } as const;
    const model = await get_peft_model(base, new LoraConfig({ ...whole, init_lora_weights: false }));
    await model.add_adapter('other', new LoraConfig({ r: 2, target_modules: ['v_proj'], init_lora_weights: false }));
    await model.set_adapter(['default', 'other']);
    await model.merge_adapter();
    const state = await stateOf(model);
    const unloaded = await model.unload();
    expect(await stateOf(unloaded)).toEqual(state);
    await base.dispose();
    expect(scene.opened.liveBytes()).toBe(0);
  });

  test('disable_adapter resolves after the model was disposed of', async () => {
    const [base, model] = await scene.load();
    await model.disable_adapter(() => model.dispose());
    await expect(base.forward({ input_ids })).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  test('merging again does nothing, with a warning; a further adapter goes on top', async () => {
    const [base, model] = await scene.load();
    await model.load_adapter(scene.second, 'second');
    await model.set_adapter(['default', 'second']);
    const both = await logitsOf(model);
    const memory = scene.opened.storageBytes();
    await model.merge_adapter({ adapter_names: ['default'] });
    const merged = await logitsOf(model);
    await model.merge_adapter({ adapter_names: ['default'] });
    expect(scene.opened.warnings).toContain('already_merged');
    expect(await logitsOf(model)).toEqual(merged);
    await model.merge_adapter({ adapter_names: ['second'] });
    const oneByOne = await stateOf(model);
    expect(largestDifference(await logitsOf(model), both)).toBeLessThan(1e-4);
    await model.unmerge_adapter();
    await model.merge_adapter();
    // Both merges add the same numbers in the same order.
    expect(await stateOf(model)).toEqual(oneByOne);
    await model.unmerge_adapter();
    expect(await logitsOf(model)).toEqual(both);
    expect(scene.opened.storageBytes()).toBe(memory);
    await model.unmerge_adapter();
    expect(scene.opened.warnings).toContain('already_unmerged');
    await base.dispose();
  });
});

test('a new adapter over a merged model: begins at its results, trains, merges, and goes', async () => {
  const [base, model] = await scene.load();
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
  expect(scene.opened.liveBytes()).toBe(0);
});
