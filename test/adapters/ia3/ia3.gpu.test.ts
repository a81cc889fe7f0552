import { describe, expect, test } from 'vitest';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import {
  AutoModelForCausalLM,
  adapters,
  estimate,
  get_peft_model,
  IA3Config,
  type IA3ConfigInit,
  IA3Model,
  PeftConfig,
  PeftModel,
  VeraConfig,
  VeraModel,
} from '../../../src/index';
import { loadTiny, tinyFiles } from '../../helpers/models/tiny_llama';
import { oneBrowser } from '../../helpers/session/one_browser';
import { bytesOf, type TestSession, tensorsOf, within } from '../../helpers/session/session';
import {
  expectNear,
  expectResumes,
  exportedAdapter,
  input_ids,
  logitsOf,
  trainerOf,
  weightsOf,
} from '../tiny_adapters';

oneBrowser();

const K = 'base_model.model.model.layers.0.self_attn.k_proj';
const DOWN = 'base_model.model.model.layers.1.mlp.down_proj';
/** The modules whose outputs are added to the residual stream, and `q_proj`, whose input is scaled. */
const OTHERS: IA3ConfigInit = { target_modules: ['o_proj', 'q_proj', 'down_proj'], feedforward_modules: ['q_proj'] };

async function openTrained(opened: TestSession, fields: IA3ConfigInit = {}): Promise<IA3Model> {
  const model = await get_peft_model(await loadTiny(opened), new IA3Config(fields));
  await trainerOf(model).train();
  return model;
}

/** Opens two adapters, one with the default targets and one with `OTHERS`, and trains them one after the other. */
async function openTwo(opened: TestSession): Promise<IA3Model> {
  const model = await openTrained(opened);
  await model.add_adapter('other', new IA3Config(OTHERS));
  await model.set_adapter('other');
  await trainerOf(model).train();
  return model;
}

describe('(IA)³', () => {
  test('is created as PEFT does: it changes no bit yet', () =>
    within({}, async (opened) => {
      const base = await loadTiny(opened);
      const model = await get_peft_model(base, new IA3Config());
      expect(model).toBeInstanceOf(IA3Model);
      expect(model).toBeInstanceOf(PeftModel);
      expect(model.peft_config.default).toMatchObject({
        target_modules: ['k_proj', 'v_proj', 'down_proj'],
        feedforward_modules: ['down_proj'],
      });
      expect(await logitsOf(model)).toEqual(await logitsOf(base));
      const [layer] = model.get_layer_status();
      expect(layer).toMatchObject({ module_type: 'Linear', available_adapters: ['default'] });
      expect(model.get_model_status()).toMatchObject({
        adapter_model_type: 'IA3Model',
        peft_types: { default: 'IA3' },
        num_adapter_layers: 6,
      });
      expect(model.get_nb_trainable_parameters().trainable).toBe(2 * (8 + 8 + 24));
    }));

  test.each<IA3ConfigInit>([
    {},
    OTHERS,
    { target_modules: 'all-linear', feedforward_modules: '.*(q|k|v)_proj' },
    { modules_to_save: ['norm'], init_ia3_weights: false },
  ])('trains with %j', (fields) =>
    within({}, async (opened) => {
      const model = await get_peft_model(await loadTiny(opened), new IA3Config(fields));
      const run = trainerOf(model, { max_steps: 20 }).train();
      await run;
      const [first, last] = [run.state.log_history[0], run.state.log_history.at(-1)];
      expect(last?.loss).toBeLessThan(0.95 * (first?.loss ?? 0));
    }),
  );

  test("saves PEFT's names and shapes, and loads the same again", () =>
    within({}, async (opened) => {
      const model = await openTrained(opened, { modules_to_save: ['norm'] });
      const files = await model.save_pretrained({ id: 'mine' });
      const json = JSON.parse(await files['adapter_config.json'].text());
      expect(json).toMatchObject({ peft_type: 'IA3', feedforward_modules: ['down_proj'], inference_mode: true });
      const { tensors } = readSafetensors(await bytesOf(files['adapter_model.safetensors']));
      expect(tensors.get(`${K}.ia3_l`)?.shape).toEqual([8, 1]);
      expect(tensors.get(`${DOWN}.ia3_l`)?.shape).toEqual([1, 24]);
      const { session } = opened;
      expect(await PeftConfig.from_pretrained(files, { session })).toBeInstanceOf(IA3Config);
      expect((await adapters.list({ session })).map((one) => one.config.peft_type)).toEqual(['IA3']);
      const base = await loadTiny(opened);
      for (const again of [
        await PeftModel.from_pretrained(base, { id: 'mine' }),
        await IA3Model.from_pretrained(base, files),
      ]) {
        expect(again).toBeInstanceOf(IA3Model);
        expect(await logitsOf(again)).toEqual(await logitsOf(model));
        expect(await weightsOf(again as IA3Model)).toEqual(await weightsOf(model));
      }
      await expect(VeraModel.from_pretrained(base, files)).rejects.toMatchObject({ code: 'invalid_format' });
    }));

  test('resumes in a later session as if nothing had happened', () =>
    expectResumes(async (opened) => get_peft_model(await loadTiny(opened), new IA3Config())));

  test.each([{}, OTHERS])('merges, unmerges and unloads: %j', (fields) =>
    within({}, async (opened) => {
      const model = await openTrained(opened, fields);
      const before = await logitsOf(model);
      await model.merge_adapter({ safe_merge: true });
      expectNear(await logitsOf(model), before);
      await model.unmerge_adapter();
      expect(await logitsOf(model)).toEqual(before);
      const plain = await model.merge_and_unload();
      expectNear(await logitsOf(plain), before);
    }),
  );

  test('has no delta weight', () =>
    within({}, async (opened) => {
      const model = await get_peft_model(await loadTiny(opened), new IA3Config());
      await expect(model.get_delta_weight('model.layers.0.self_attn.k_proj')).rejects.toMatchObject({
        code: 'invalid_argument',
      });
    }));

  test('several are multiplied, also as they are merged one after the other', () =>
    within({}, async (opened) => {
      const model = await openTwo(opened);
      const other = await logitsOf(model);
      await model.set_adapter(['default', 'other']);
      const both = await logitsOf(model);
      await model.merge_adapter({ adapter_names: ['default'] });
      await model.merge_adapter({ adapter_names: ['other'] });
      expectNear(await logitsOf(model), both);
      await model.unmerge_adapter();
      expect(await logitsOf(model)).toEqual(both);
      await model.set_adapter('other');
      expect(await logitsOf(model)).toEqual(other);
      await model.delete_adapter('default');
      expect(await logitsOf(model)).toEqual(other);
    }));

  test('each row of a batch may have its own, or none', () =>
    within({}, async (opened) => {
      const model = await openTwo(opened);
      const other = await logitsOf(model);
      await model.set_adapter('default');
      const [one, none] = [await logitsOf(model), await model.disable_adapter(() => logitsOf(model))];
      const rows = [...input_ids, ...input_ids, ...input_ids];
      const adapter_names = ['other', '__base__', 'default'];
      const { logits } = await model.forward({ input_ids: rows, adapter_names });
      const row = (index: number) => logits.data.subarray((index * logits.data.length) / 3).subarray(0, one.length);
      expect(row(1)).toEqual(none);
      expectNear(row(0), other);
      expectNear(row(2), one);
    }));

  test('a weighted sum has the sum of their vectors', () =>
    within({}, async (opened) => {
      const model = await openTrained(opened);
      await model.add_adapter('fresh', new IA3Config());
      await model.add_weighted_adapter(['default', 'fresh'], [0.25, 0.75], 'sum');
      const [mine, sum] = await Promise.all(
        ['default', 'sum'].map(async (adapter_name) =>
          tensorsOf((await model.save_pretrained({ adapter_name }))['adapter_model.safetensors']),
        ),
      );
      const l = mine!.get(`${K}.ia3_l`)!;
      expect(sum!.get(`${K}.ia3_l`)).toEqual(l.map((value) => Math.fround(0.25 * value) + 0.75));
      await model.add_weighted_adapter(['default'], [1], 'copy');
      await model.set_adapter('copy');
      const copied = await logitsOf(model);
      await model.set_adapter('default');
      expect(copied).toEqual(await logitsOf(model));
    }));

  test('is exported for Python, with moments by the names of torch', () =>
    within({}, async (opened) => {
      const { config, moments } = await exportedAdapter(await get_peft_model(await loadTiny(opened), new IA3Config()));
      expect(config).toMatchObject({ peft_type: 'IA3' });
      expect(moments.get(`${K}.ia3_l.default.exp_avg`)).toHaveLength(8);
    }));

  test('is estimated', () =>
    within({}, async ({ session }) => {
      const { gpu } = await estimate(tinyFiles(), { peft_config: { peft_type: 'IA3' }, session });
      expect(gpu.adapter).toBeGreaterThan(0);
    }));

  test('stands on one base model beside another kind, but not in one model with it', () =>
    within({}, async (opened) => {
      const base = await loadTiny(opened);
      const [ia3, vera] = [
        await get_peft_model(base, new IA3Config()),
        await get_peft_model(base, new VeraConfig({ r: 4 })),
      ];
      expect(await logitsOf(vera)).toEqual(await logitsOf(ia3));
      await expect(vera.add_adapter('b', new IA3Config() as never)).rejects.toMatchObject({
        code: 'invalid_argument',
        message: 'Cannot combine adapters with different peft types. Found PeftType.VERA and PeftType.IA3.',
      });
      const alone = await AutoModelForCausalLM.from_pretrained(tinyFiles(), { session: opened.session });
      expect(await logitsOf(alone)).toEqual(await logitsOf(base));
    }));
});
