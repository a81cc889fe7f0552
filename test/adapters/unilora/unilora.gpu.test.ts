import { describe, expect, test } from 'vitest';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import {
  adapters,
  estimate,
  get_peft_model,
  PeftConfig,
  PeftModel,
  UniLoraConfig,
  type UniLoraConfigInit,
  UniLoraModel,
  VeraModel,
} from '../../../src/index';
import { largestDifference } from '../../helpers/golden/golden';
import { loadTiny, tinyFiles } from '../../helpers/models/tiny_llama';
import { oneBrowser } from '../../helpers/session/one_browser';
import { bytesOf, type TestSession, within } from '../../helpers/session/session';
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

const THETA = 'base_model.unilora_theta_d';
const ALL: UniLoraConfigInit = { target_modules: 'all-linear', theta_d_length: 100 };

const fresh = async (opened: TestSession, fields: UniLoraConfigInit = ALL): Promise<UniLoraModel> =>
  get_peft_model(await loadTiny(opened), new UniLoraConfig(fields));

async function openTrained(opened: TestSession, fields?: UniLoraConfigInit): Promise<UniLoraModel> {
  const model = await fresh(opened, fields);
  await trainerOf(model).train();
  return model;
}

describe('UniLoRA', () => {
  test('is created as PEFT does: its matrices are small, none is zero', () =>
    within({}, async (opened) => {
      const model = await fresh(opened);
      expect(model).toBeInstanceOf(UniLoraModel);
      expect(model).toBeInstanceOf(PeftModel);
      expect(model.get_nb_trainable_parameters().trainable).toBe(100);
      expect(model.get_model_status()).toMatchObject({
        adapter_model_type: 'UniLoraModel',
        peft_types: { default: 'UNILORA' },
        num_adapter_layers: 14,
      });
      const base = await model.disable_adapter(() => logitsOf(model));
      const mine = await logitsOf(model);
      expect(mine).not.toEqual(base);
      expect(largestDifference(mine, base)).toBeLessThan(1e-3);
    }));

  test.each<UniLoraConfigInit>([
    ALL,
    {},
    { ...ALL, unilora_dropout: 0.1 },
    { ...ALL, theta_d_length: 100_000 },
    { target_modules: ['v_proj'], r: 2, modules_to_save: ['norm'], init_weights: false },
  ])('trains with %j', (fields) =>
    within({}, async (opened) => {
      const run = trainerOf(await fresh(opened, fields), { max_steps: 20, learning_rate: 0.1 }).train();
      await run;
      const [first, last] = [run.state.log_history[0], run.state.log_history.at(-1)];
      expect(last?.loss).toBeLessThan(0.98 * (first?.loss ?? 0));
    }),
  );

  test('trains over micro-batches as over one batch', () =>
    within({}, async (opened) => {
      const losses = async (changes: object) => {
        const run = trainerOf(await fresh(opened), { max_steps: 4, ...changes }).train();
        await run;
        return run.state.log_history.map(({ loss }) => loss ?? Number.NaN);
      };
      const whole = await losses({ per_device_train_batch_size: 4 });
      const parts = await losses({ per_device_train_batch_size: 2, gradient_accumulation_steps: 2 });
      for (const [step, loss] of whole.entries()) expect(parts[step]).toBeCloseTo(loss, 4);
    }));

  test('trains the same bits if layers are recomputed', () =>
    within({}, async (opened) => {
      const trained = async (changes: object) => {
        const model = await fresh(opened);
        await trainerOf(model, changes).train();
        return weightsOf(model);
      };
      expect(await trained({ gradient_checkpointing: true })).toEqual(await trained({}));
    }));

  test("saves PEFT's one tensor, and loads the same again", () =>
    within({}, async (opened) => {
      const model = await openTrained(opened, { ...ALL, modules_to_save: ['model.norm'] });
      const files = await model.save_pretrained({ id: 'mine' });
      expect(JSON.parse(await files['adapter_config.json'].text())).toMatchObject({
        peft_type: 'UNILORA',
        theta_d_length: 100,
        save_indices: false,
        inference_mode: true,
      });
      const { tensors } = readSafetensors(await bytesOf(files['adapter_model.safetensors']));
      expect([...tensors.keys()]).toEqual(['base_model.model.model.norm.weight', THETA]);
      expect(tensors.get(THETA)?.shape).toEqual([100]);
      const { session } = opened;
      expect(await PeftConfig.from_pretrained(files, { session })).toBeInstanceOf(UniLoraConfig);
      expect((await adapters.list({ session })).map((one) => one.config.peft_type)).toEqual(['UNILORA']);
      const base = await loadTiny(opened);
      for (const again of [
        await PeftModel.from_pretrained(base, { id: 'mine' }),
        await UniLoraModel.from_pretrained(base, files),
      ]) {
        expect(again).toBeInstanceOf(UniLoraModel);
        expect(await logitsOf(again)).toEqual(await logitsOf(model));
        expect(await weightsOf(again as UniLoraModel)).toEqual(await weightsOf(model));
      }
      await expect(VeraModel.from_pretrained(base, files)).rejects.toMatchObject({ code: 'invalid_format' });
    }));

  test('another seed spreads the same vector otherwise', () =>
    within({}, async (opened) => {
      const [one, other] = [await fresh(opened), await fresh(opened, { ...ALL, proj_seed: 43 })];
      expect(await weightsOf(one)).toEqual(await weightsOf(other));
      expect(await logitsOf(one)).not.toEqual(await logitsOf(other));
    }));

  test('resumes in a later session as if nothing had happened', () => expectResumes((opened) => fresh(opened)));

  test('merges, unmerges and unloads', () =>
    within({}, async (opened) => {
      const model = await openTrained(opened);
      const before = await logitsOf(model);
      await model.merge_adapter({ safe_merge: true });
      expectNear(await logitsOf(model), before);
      await model.unmerge_adapter();
      expect(await logitsOf(model)).toEqual(before);
      const plain = await model.merge_and_unload();
      expectNear(await logitsOf(plain), before);
    }));

  test('two add up, and one trains alone', () =>
    within({}, async (opened) => {
      const model = await openTrained(opened);
      await model.add_adapter('other', new UniLoraConfig({ ...ALL, proj_seed: 7 }));
      await model.set_adapter('other');
      await trainerOf(model).train();
      const other = await logitsOf(model);
      await model.set_adapter(['default', 'other']);
      const both = await logitsOf(model);
      expect(both).not.toEqual(other);
      await expect(trainerOf(model).train()).rejects.toMatchObject({
        code: 'invalid_argument',
        message: expect.stringContaining('one active UniLoRA adapter'),
      });
      await model.merge_adapter({ adapter_names: ['default'] });
      await model.merge_adapter({ adapter_names: ['other'] });
      expectNear(await logitsOf(model), both);
      await model.unmerge_adapter();
      await model.set_adapter('other');
      expect(await logitsOf(model)).toEqual(other);
      await model.delete_adapter('default');
      expect(await logitsOf(model)).toEqual(other);
    }));

  test('refuses an adapter for each row of a batch, and weighted sums', () =>
    within({}, async (opened) => {
      const model = await fresh(opened);
      await model.add_adapter('other', new UniLoraConfig(ALL));
      const rows = [...input_ids, ...input_ids];
      await expect(model.forward({ input_ids: rows, adapter_names: ['default', 'other'] })).rejects.toMatchObject({
        code: 'invalid_argument',
      });
      await expect(model.add_weighted_adapter(['default', 'other'], [1, 1], 'sum')).rejects.toMatchObject({
        code: 'invalid_argument',
      });
      expect(await logitsOf(model)).toHaveLength(8 * 32);
    }));

  test('is exported for Python', () =>
    within({}, async (opened) => {
      const { config, moments } = await exportedAdapter(await fresh(opened));
      expect(config).toMatchObject({ peft_type: 'UNILORA' });
      expect([...moments.values()].filter(({ length }) => length === 100)).toHaveLength(2);
    }));

  test('is estimated', () =>
    within({}, async ({ session }) => {
      const { gpu } = await estimate(tinyFiles(), { peft_config: { peft_type: 'UNILORA' }, session });
      expect(gpu.adapter).toBeGreaterThan(0);
    }));
});
