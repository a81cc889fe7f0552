import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readSafetensors } from '../../src/formats/tensors/safetensors';
import { toFloat32 } from '../../src/formats/tensors/values';
import {
  AutoModelForCausalLM,
  get_peft_model,
  type PreTrainedModel,
  VeraConfig,
  type VeraConfigInit,
  VeraModel,
} from '../../src/index';
import { goldenBase } from '../helpers/golden/golden';
import { decodersOfRing } from '../helpers/models/decoders';
import {
  addRandom,
  changed,
  distance,
  logitsOf,
  randomise,
  randomVera,
  savedOf,
  TOLERANCE,
  tensorsOf,
  train,
} from '../helpers/peft';
import { bytesOf, openTestSession, type TestSession } from '../helpers/session/session';

/** The VeRA configuration that PEFT's tests of decoder models use. */
const common: VeraConfigInit = {
  r: 8,
  vera_dropout: 0.05,
  projection_prng_key: 0xff,
  d_initial: 0.1,
  save_projection: true,
  bias: 'none',
  task_type: 'CAUSAL_LM',
};

const prompts = [[5, 17, 40, 2, 9], [3], [60, 71, 8]];

let opened: TestSession;
beforeAll(async () => {
  opened = await openTestSession();
});
beforeEach(() => {
  opened.warnings.length = 0;
});
afterAll(() => opened.session.close());

async function generated(model: PreTrainedModel): Promise<number[]> {
  const ids: number[] = [];
  for (const prompt of prompts) {
    for await (const { token_id } of model.generate(prompt, {
      max_new_tokens: 8,
      eos_token_id: null,
      do_sample: true,
    })) {
      ids.push(token_id);
    }
  }
  return ids;
}

describe.each(decodersOfRing())('$name', ({ name, targets, target_modules = null }) => {
  const config = { ...common, target_modules };
  let base: PreTrainedModel;
  let plain: Float32Array;
  beforeAll(async () => {
    base = await AutoModelForCausalLM.from_pretrained(goldenBase(`base/${name}`), { session: opened.session });
    plain = await logitsOf(base);
  });
  afterAll(() => base.dispose());

  test(
    target_modules === null ? 'target_modules=None takes the default of the model type' : 'target_modules',
    async () => {
      const model = await get_peft_model(base, new VeraConfig(config));
      expect(model.get_layer_status().map(({ name: layer }) => layer)).toEqual(
        targets.map((module) => `model.${module}`),
      );
      expect(model.peft_config.default).toMatchObject({ r: 8, fan_in_fan_out: name === 'gpt2' });
      expect(opened.warnings).toEqual(name === 'gpt2' ? ['fan_in_fan_out'] : []);
    },
  );

  test('at init output == base; disabled == base', async () => {
    const model = await get_peft_model(base, new VeraConfig(config));
    expect(await distance(model, plain)).toBe(0);
    await randomise(model, 'default', 1);
    expect(await distance(model, plain)).toBeGreaterThan(TOLERANCE.merge);
    expect(await model.disable_adapter(() => distance(model, plain))).toBe(0);
  });

  test('save/load: equal state dict and outputs', async () => {
    const model = await randomVera(base, config);
    const loaded = await VeraModel.from_pretrained(base, await model.save_pretrained());
    expect(changed(await savedOf(model), await savedOf(loaded))).toEqual([]);
    expect(await distance(loaded, model)).toBeLessThan(TOLERANCE.roundTrip);
  });

  test('selected_adapters: one of two is saved', async () => {
    const model = await randomVera(base, config);
    await addRandom(model, 'new_adapter', config);
    const loaded = await VeraModel.from_pretrained(base, await model.save_pretrained({ adapter_name: 'new_adapter' }));
    await model.set_adapter('new_adapter');
    expect(await distance(loaded, model)).toBeLessThan(TOLERANCE.roundTrip);
  });

  test('training: only lambda changes', async () => {
    const model = await randomVera(base, config);
    const before = [await savedOf(model), await tensorsOf(model)] as const;
    await train(model, 0.01);
    expect(changed(before[0], await savedOf(model)).toSorted()).toEqual(
      targets
        .flatMap((module) => ['b', 'd'].map((vector) => `base_model.model.${module}.vera_lambda_${vector}`))
        .toSorted(),
    );
    expect(changed(before[1], await tensorsOf(model))).toEqual([]);
    expect(await distance(base, plain)).toBe(0);
  });

  test('training from init, then round trip', async () => {
    const model = await get_peft_model(base, new VeraConfig(config));
    await train(model, 0.01);
    expect(await distance(model, plain)).toBeGreaterThan(TOLERANCE.merge);
    const loaded = await VeraModel.from_pretrained(base, await model.save_pretrained());
    expect(await distance(loaded, model)).toBeLessThan(TOLERANCE.roundTrip);
  });

  test('training with gradient checkpointing gives the same', async () => {
    const [model, checkpointed] = [await randomVera(base, config), await randomVera(base, config)];
    await train(model, 0.01);
    await train(checkpointed, 0.01, { gradient_checkpointing: true });
    expect(changed(await savedOf(model), await savedOf(checkpointed))).toEqual([]);
  });

  test('merge → unmerge → merge_and_unload are equal', async () => {
    const model = await randomVera(base, config);
    const [before, weights] = [await logitsOf(model), await tensorsOf(model)];
    await model.merge_adapter();
    expect(await distance(model, before)).toBeLessThan(TOLERANCE.merge);
    expect(changed(weights, await tensorsOf(model)).toSorted()).toEqual(
      targets.map((module) => `${module}.weight`).toSorted(),
    );
    await model.unmerge_adapter();
    expect(changed(weights, await tensorsOf(model))).toEqual([]);
    expect(await distance(await model.merge_and_unload(), before)).toBeLessThan(TOLERANCE.merge);
  });

  test('a merge of a half-precision base runs', async () => {
    const half = await AutoModelForCausalLM.from_pretrained(goldenBase(`base/${name}`), {
      session: opened.session,
      dtype: 'float16',
    });
    const model = await randomVera(half, config);
    const before = await logitsOf(model);
    await model.merge_adapter();
    // Merging rounds weights by up to half a unit in the last place, in two layers.
    expect(await distance(model, before)).toBeLessThan(0.1);
    await model.unmerge_adapter();
    expect(await distance(model, before)).toBe(0);
    await half.dispose();
  });

  test.each([
    ['NaN', Number.NaN],
    ['inf', Number.POSITIVE_INFINITY],
  ])('merge_layers with %s → refused, seems to be broken', async (_value, value) => {
    const model = await randomVera(base, config);
    await randomise(model, 'default', 1, value);
    await expect(model.merge_and_unload({ safe_merge: true })).rejects.toMatchObject({
      message: 'NaNs detected in the merged weights. The adapter default seems to be broken',
    });
    expect(await model.disable_adapter(() => distance(model, plain))).toBe(0);
  });

  test('merge_layers_multi: each of two merges as it is, and both go', async () => {
    const model = await randomVera(base, config, 'adapter1', 1);
    await addRandom(model, 'adapter2', config, 2);
    for (const adapter of ['adapter1', 'adapter2']) {
      await model.set_adapter(adapter);
      const before = await logitsOf(model);
      await model.merge_adapter();
      expect(await distance(model, before)).toBeLessThan(TOLERANCE.merge);
      await model.unmerge_adapter();
      expect(await distance(model, before)).toBe(0);
    }
    await model.delete_adapter('adapter1');
    const left = await logitsOf(model);
    expect(await distance(await model.merge_and_unload(), left)).toBeLessThan(TOLERANCE.merge);
  });

  test('two active adapters: combined ≠ either; merge of both == combined', async () => {
    const model = await randomVera(base, config, 'adapter1', 1);
    await addRandom(model, 'adapter2', config, 2);
    const first = await logitsOf(model);
    await model.set_adapter(['adapter1', 'adapter2']);
    const both = await logitsOf(model);
    expect(await distance(both, first)).toBeGreaterThan(TOLERANCE.merge);
    await model.merge_adapter();
    expect(await distance(model, both)).toBeLessThan(TOLERANCE.merge);
  });

  test('unload gives the base model', async () => {
    const model = await randomVera(base, config);
    expect(await distance(await model.unload(), plain)).toBe(0);
  });

  test('generate, merged and not', async () => {
    const model = await randomVera(base, config);
    const tokens = await generated(model);
    expect(tokens).toHaveLength(24);
    expect(tokens).not.toEqual(await generated(base));
    await model.merge_adapter();
    expect(await generated(model)).toEqual(tokens);
    expect(await model.disable_adapter(() => generated(model))).toEqual(await generated(base));
  });

  test('half-precision generate', async () => {
    const half = await AutoModelForCausalLM.from_pretrained(goldenBase(`base/${name}`), {
      session: opened.session,
      dtype: 'float16',
    });
    expect(await generated(await randomVera(half, config))).toHaveLength(24);
    await half.dispose();
  });

  test('LoRA conversion: the same change of every weight', async () => {
    const model = await randomVera(base, config);
    const files = await model.save_as_lora();
    const json = JSON.parse(await files['adapter_config.json'].text());
    expect(json).toMatchObject({ peft_type: 'LORA', r: 8, lora_alpha: 8, fan_in_fan_out: name === 'gpt2' });
    const { tensors } = readSafetensors(await bytesOf(files['adapter_model.safetensors']));
    for (const module of targets) {
      const [A, B] = ['A', 'B'].map((matrix) => {
        const tensor = tensors.get(`base_model.model.${module}.lora_${matrix}.weight`)!;
        return { data: toFloat32(tensor), shape: tensor.shape };
      });
      const { dims, data } = await model.get_delta_weight(module);
      const [r, columns] = A!.shape as [number, number];
      const product = Float32Array.from(data, (_, index) => {
        const width = dims[1]!;
        const [row, column] = [Math.floor(index / width), index % width];
        // GPT-2's Conv1D stores weights as (in, out).
        const [out, input] = name === 'gpt2' ? [column, row] : [row, column];
        let sum = 0;
        for (let j = 0; j < r; j++) sum += B!.data[out * r + j]! * A!.data[j * columns + input]!;
        return sum;
      });
      expect(await distance(product, data)).toBeLessThan(TOLERANCE.roundTrip);
    }
  });
});
