import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../../src/formats/tensors/safetensors';
import {
  type AdapterFiles,
  AutoModelForCausalLM,
  adapters,
  estimate,
  get_peft_model,
  LoraConfig,
  type LoraConfigInit,
  LoraModel,
  PeftConfig,
  PeftModel,
  type PreTrainedModel,
  Profile,
  VeraConfig,
  VeraModel,
} from '../../../src/index';
import { goldenAdapter, goldenBase, goldenCase } from '../../helpers/golden/golden';
import { loadTiny, tinyFiles } from '../../helpers/models/tiny_llama';
import { oneBrowser } from '../../helpers/session/one_browser';
import { bytesOf, type TestSession, tensorsOf, within } from '../../helpers/session/session';
import { expectNear, expectResumes, exportedAdapter, logitsOf, trainerOf, weightsOf } from '../tiny_adapters';

oneBrowser();

const Q = 'base_model.model.model.layers.0.self_attn.q_proj';
const config = new LoraConfig({ r: 4, lora_alpha: 4, target_modules: ['q_proj', 'down_proj'] });

const loraOn = (base: PreTrainedModel, fields: LoraConfigInit = {}): Promise<LoraModel> =>
  get_peft_model(base, new LoraConfig({ ...config, ...fields }));

async function openTrained(opened: TestSession, fields: LoraConfigInit = {}): Promise<LoraModel> {
  const model = await loraOn(await loadTiny(opened), fields);
  await trainerOf(model).train();
  return model;
}

describe('LoRA', () => {
  test('is created as PEFT does: it changes nothing yet', () =>
    within({}, async (opened) => {
      const base = await loadTiny(opened);
      const model = await loraOn(base);
      expect(model).toBeInstanceOf(LoraModel);
      expect(model).toBeInstanceOf(PeftModel);
      expect(model.peft_config.default).toBeInstanceOf(LoraConfig);
      expect(await logitsOf(model)).toEqual(await logitsOf(base));
      const [layer] = model.get_layer_status();
      expect(layer).toMatchObject({ module_type: 'lora.Linear', available_adapters: ['default'] });
      expect(model.get_model_status()).toMatchObject({
        adapter_model_type: 'LoraModel',
        peft_types: { default: 'LORA' },
      });
      expect(model.get_nb_trainable_parameters().trainable).toBe(2 * 4 * (16 + 16 + 24 + 16));
    }));

  test.each<LoraConfigInit>([{}, { lora_dropout: 0.2 }, { bias: 'all', modules_to_save: ['norm'] }])(
    'trains with %j',
    (fields) =>
      within({}, async (opened) => {
        const model = await loraOn(await loadTiny(opened), fields);
        const run = trainerOf(model, { max_steps: 20 }).train();
        await run;
        const [first, last] = [run.state.log_history[0], run.state.log_history.at(-1)];
        expect(last?.loss).toBeLessThan(0.9 * (first?.loss ?? 0));
      }),
  );

  test("saves PEFT's names, and loads the same again", () =>
    within({}, async (opened) => {
      const model = await openTrained(opened, { modules_to_save: ['norm'] });
      const files = await model.save_pretrained({ id: 'mine' });
      const json = JSON.parse(await files['adapter_config.json'].text());
      expect(json).toMatchObject({ peft_type: 'LORA', r: 4, lora_alpha: 4, inference_mode: true });
      const tensors = await tensorsOf(files['adapter_model.safetensors']);
      expect([...tensors.keys()]).toEqual(expect.arrayContaining([`${Q}.lora_A.weight`, `${Q}.lora_B.weight`]));
      const { session } = opened;
      expect(await PeftConfig.from_pretrained(files, { session })).toBeInstanceOf(LoraConfig);
      expect((await adapters.list({ session })).map((one) => one.config.peft_type)).toEqual(['LORA']);
      const base = await loadTiny(opened);
      const again = await PeftModel.from_pretrained(base, { id: 'mine' });
      expect(again).toBeInstanceOf(LoraModel);
      expect(await logitsOf(again as LoraModel)).toEqual(await logitsOf(model));
      expect(await weightsOf(again as LoraModel)).toEqual(await weightsOf(model));
      await expect(VeraModel.from_pretrained(base, files)).rejects.toMatchObject({
        code: 'invalid_format',
        message: 'peft_type: expected "VERA", got "LORA"',
      });
    }));

  test('resumes in a later session as if nothing had happened', () =>
    expectResumes(async (opened) => loraOn(await loadTiny(opened))));

  test('merges, unmerges and unloads', () =>
    within({}, async (opened) => {
      const model = await openTrained(opened);
      const before = await logitsOf(model);
      const module = 'model.layers.0.self_attn.q_proj';
      const delta = await model.get_delta_weight(module);
      expect(Math.max(...delta.data.map(Math.abs))).toBeGreaterThan(1e-3);
      await model.merge_adapter();
      expectNear(await logitsOf(model), before);
      await model.unmerge_adapter();
      expect(await logitsOf(model)).toEqual(before);
      const plain = await model.merge_and_unload();
      expectNear(await logitsOf(plain), before);
    }));

  test('is exported for Python, with moments by the names of torch', () =>
    within({}, async (opened) => {
      const { config, moments } = await exportedAdapter(await loraOn(await loadTiny(opened)));
      expect(config).toMatchObject({ peft_type: 'LORA' });
      expect([...moments.keys()]).toContain(`${Q}.lora_A.default.weight.exp_avg`);
    }));

  test('is estimated', () =>
    within({}, async ({ session }) => {
      const peft_config = { peft_type: 'LORA', r: 4 } as const;
      const { gpu } = await estimate(tinyFiles(), { peft_config, session });
      expect(gpu.adapter).toBeGreaterThan(0);
    }));

  test('stands on one base model beside another kind, but not in one model with it', () =>
    within({}, async (opened) => {
      const base = await loadTiny(opened);
      const [lora, vera] = [await loraOn(base), await get_peft_model(base, new VeraConfig({ r: 4 }))];
      expect(await logitsOf(vera)).toEqual(await logitsOf(lora));
      await expect(vera.add_adapter('b', config as never)).rejects.toMatchObject({
        code: 'invalid_argument',
        message: 'Cannot combine adapters with different peft types. Found PeftType.VERA and PeftType.LORA.',
      });
      const alone = await AutoModelForCausalLM.from_pretrained(tinyFiles(), { session: opened.session });
      expect(await logitsOf(alone)).toEqual(await logitsOf(base));
    }));

  test('is refused in a model of another kind also after its last adapter was deleted', () =>
    within({}, async (opened) => {
      const base = await loadTiny(opened);
      const files = await (await loraOn(base)).save_pretrained();
      const vera = await get_peft_model(base, new VeraConfig({ r: 4 }));
      await vera.delete_adapter('default');
      const refused = {
        code: 'invalid_argument',
        message: 'Cannot combine adapters with different peft types. Found PeftType.VERA and PeftType.LORA.',
      };
      for (const _ of [1, 2]) {
        await expect(vera.add_adapter('b', config as never)).rejects.toMatchObject(refused);
        await expect(vera.load_adapter(files, 'b')).rejects.toMatchObject(refused);
      }
      expect(vera.active_adapters).toEqual([]);
      expect(await logitsOf(vera)).toEqual(await logitsOf(base));
      await vera.add_adapter('b', new VeraConfig({ r: 4 }));
      expect(vera.active_adapters).toEqual(['b']);
    }));

  /** Returns PEFT's own files of a golden case, with a changed configuration. */
  function golden(change: (config: Record<string, unknown>) => object): AdapterFiles {
    const { files } = goldenAdapter('lora_gpt2', 'adapter');
    const read = readFileSync('test/golden/cases/lora_gpt2/adapter/adapter_config.json', 'utf8');
    const config = JSON.stringify(change(JSON.parse(read)));
    return {
      'adapter_config.json': new Blob([config]),
      'adapter_model.safetensors': files.get('adapter_model.safetensors')!,
    };
  }

  test('loads files of older releases, whose configurations have fewer fields', () =>
    within({}, async ({ session }) => {
      const { base: folder, inputs, expect: expected, tolerance } = goldenCase('lora_gpt2');
      const base = await AutoModelForCausalLM.from_pretrained(goldenBase(folder), { session });
      const old = golden(
        ({ r, lora_alpha, target_modules, fan_in_fan_out, bias, use_rslora, peft_type, task_type }) => {
          return { r, lora_alpha, target_modules, fan_in_fan_out, bias, use_rslora, peft_type, task_type };
        },
      );
      const model = await PeftModel.from_pretrained(base, old);
      expect(model).toBeInstanceOf(LoraModel);
      const { loss } = await model.forward(inputs.batch);
      expect(Math.abs(loss! - expected.random.loss)).toBeLessThanOrEqual(tolerance.loss_abs);
    }));

  test.each([
    [{ use_qalora: true }, /^use_qalora: expected false, as webvera has nothing else of it, got true$/],
    [{ use_dora: true }, /missing adapter keys .*c_attn.lora_magnitude_vector.default.weight/],
    [{ init_lora_weights: 'pissa' }, /^init_lora_weights: expected true, false or 'gaussian', got "pissa"$/],
    [{ r: 7 }, /size mismatch for base_model.model.transformer.h.0.attn.c_attn.lora_A.default.weight/],
    [{ target_modules: ['c_attn', 'c_proj', 'c_fc'] }, /missing adapter keys .*c_fc.lora_A.default.weight/],
  ])('refuses files with %j', (change, message) =>
    within({}, async ({ session }) => {
      const base = await AutoModelForCausalLM.from_pretrained(goldenBase('base/gpt2'), { session });
      const files = golden((config) => ({ ...config, ...change }));
      await expect(PeftModel.from_pretrained(base, files)).rejects.toThrow(message);
    }),
  );

  test('refuses a file with the embedding of a larger vocabulary, as PEFT does', () =>
    within({}, async ({ session }) => {
      const base = await AutoModelForCausalLM.from_pretrained(goldenBase('base/gpt2'), { session });
      const { tensors } = readSafetensors(await bytesOf(golden((same) => same)['adapter_model.safetensors']));
      const wte = { dtype: 'F32', shape: [2, 2], bytes: new Uint8Array(16) } as const;
      const files = {
        ...golden((same) => same),
        'adapter_model.safetensors': new Blob([
          writeSafetensors(new Map([...tensors, ['base_model.model.transformer.wte.weight', wte] as const])),
        ]),
      };
      await expect(PeftModel.from_pretrained(base, files)).rejects.toThrow(
        'size mismatch for base_model.model.transformer.wte.weight',
      );
    }));

  test('merges the bias of lora_B, where a layer has a bias', () =>
    within({}, async (opened) => {
      const biased = { lora_bias: true, init_lora_weights: false } as const;
      const llama = await loraOn(await loadTiny(opened), biased);
      await expect(llama.merge_adapter()).rejects.toMatchObject({
        code: 'invalid_argument',
        message: 'Impossible to merge LoRA with `lora_bias=True` because the base layer has no bias.',
      });
      const { session } = opened;
      const base = await AutoModelForCausalLM.from_pretrained(goldenBase('base/gpt2'), { session });
      const model = await get_peft_model(base, new LoraConfig({ r: 2, ...biased }), 'default', { seed: 3 });
      const before = await logitsOf(model);
      await model.merge_adapter({ safe_merge: true });
      expectNear(await logitsOf(model), before);
      expect(await logitsOf(base)).not.toEqual(before);
    }));

  test('begins with the same numbers for the same seed, and with others for another seed', () =>
    within({}, async (opened) => {
      const base = await loadTiny(opened);
      const drawn = async (seed: number) =>
        weightsOf(await get_peft_model(base, new LoraConfig({ r: 2 }), 'default', { seed }));
      expect(await drawn(1)).toEqual(await drawn(1));
      expect(await drawn(1)).not.toEqual(await drawn(2));
      const vera = get_peft_model(base, new VeraConfig({ r: 4 }), 'default', { seed: 1 });
      await expect(vera).rejects.toMatchObject({ code: 'invalid_argument' });
    }));

  test('learns a profile', () =>
    within({ store: 'auto' }, async (opened) => {
      const base = await loadTiny(opened);
      const profile = await Profile.open(base, 'ada', { peft_config: { peft_type: 'LORA', r: 2 } });
      await profile.add([{ input_ids: [0, 3, 9, 4, 17] }, { input_ids: [0, 5, 30, 11, 8] }]);
      await profile.learn({ args: { max_steps: 3 } });
      const files = await profile.export();
      const json = JSON.parse(await files.get('adapter_config.json')!.text());
      expect(json).toMatchObject({
        peft_type: 'LORA',
        r: 2,
        target_modules: expect.arrayContaining(['model.layers.0.self_attn.q_proj']),
      });
      await profile.dispose();
      const again = Profile.open(base, 'ada', { peft_config: { peft_type: 'VERA', r: 2 } });
      await expect(again).rejects.toThrow('profile: peft_config.peft_type: expected "LORA", as it began, got \'VERA\'');
    }));
});
