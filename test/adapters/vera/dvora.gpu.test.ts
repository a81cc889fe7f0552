import { describe, expect, test } from 'vitest';
import {
  estimate,
  get_peft_model,
  LoraModel,
  PeftModel,
  type PreTrainedModel,
  Profile,
  VeraConfig,
  type VeraConfigInit,
  type VeraModel,
} from '../../../src/index';
import { loadTiny, tinyFiles } from '../../helpers/models/tiny_llama';
import { oneBrowser } from '../../helpers/session/one_browser';
import { type TestSession, tensorsOf, within } from '../../helpers/session/session';
import { expectNear, expectResumes, exportedAdapter, logitsOf, trainerOf, weightsOf } from '../tiny_adapters';

oneBrowser();

const Q = 'base_model.model.model.layers.0.self_attn.q_proj';
const config = new VeraConfig({ r: 4, target_modules: ['q_proj', 'down_proj'], use_dora: true });

const dvoraOn = (base: PreTrainedModel, fields: VeraConfigInit = {}): Promise<VeraModel> =>
  get_peft_model(base, new VeraConfig({ ...config, ...fields }));

async function openTrained(opened: TestSession, fields: VeraConfigInit = {}): Promise<VeraModel> {
  const model = await dvoraOn(await loadTiny(opened), fields);
  await trainerOf(model).train();
  return model;
}

describe('DVoRA', () => {
  test('changes nothing yet, as it begins, and trains one number more for each output', () =>
    within({}, async (opened) => {
      const base = await loadTiny(opened);
      const model = await dvoraOn(base);
      expectNear(await logitsOf(model), await logitsOf(base));
      expect(model.get_nb_trainable_parameters().trainable).toBe(2 * (4 + 16 + 16 + (4 + 16 + 16)));
    }));

  test.each<VeraConfigInit>([{}, { vera_dropout: 0.2 }, { bias: 'all', modules_to_save: ['norm'] }])(
    'trains with %j',
    (fields) =>
      within({}, async (opened) => {
        const model = await dvoraOn(await loadTiny(opened), fields);
        const magnitude = async () =>
          (await tensorsOf((await model.save_pretrained())['adapter_model.safetensors'])).get(
            `${Q}.vera_magnitude_vector`,
          );
        const before = await magnitude();
        const run = trainerOf(model, { max_steps: 20 }).train();
        await run;
        const [first, last] = [run.state.log_history[0], run.state.log_history.at(-1)];
        expect(last?.loss).toBeLessThan(0.9 * (first?.loss ?? 0));
        expect(before).toBeDefined();
        expect(await magnitude()).not.toEqual(before);
      }),
  );

  test('saves its magnitudes beside the names of PEFT, and loads the same again', () =>
    within({}, async (opened) => {
      const model = await openTrained(opened);
      const files = await model.save_pretrained();
      expect(JSON.parse(await files['adapter_config.json'].text())).toMatchObject({
        peft_type: 'VERA',
        use_dora: true,
      });
      const names = [...(await tensorsOf(files['adapter_model.safetensors'])).keys()];
      const own = ['vera_lambda_b', 'vera_lambda_d', 'vera_magnitude_vector'].map((name) => `${Q}.${name}`);
      expect(names).toEqual(expect.arrayContaining(own));
      const again = await PeftModel.from_pretrained(await loadTiny(opened), files);
      expect(await logitsOf(again as VeraModel)).toEqual(await logitsOf(model));
      expect(await weightsOf(again as VeraModel)).toEqual(await weightsOf(model));
    }));

  test('resumes in a later session as if nothing had happened', () =>
    expectResumes(async (opened) => dvoraOn(await loadTiny(opened))));

  test('merges, unmerges and unloads', () =>
    within({}, async (opened) => {
      const model = await openTrained(opened);
      const before = await logitsOf(model);
      await model.merge_adapter({ safe_merge: true });
      expectNear(await logitsOf(model), before);
      await model.unmerge_adapter();
      expect(await logitsOf(model)).toEqual(before);
      expectNear(await logitsOf(await model.merge_and_unload()), before);
    }));

  test('is a LoRA with DoRA, which computes the same', () =>
    within({}, async (opened) => {
      const model = await openTrained(opened, { bias: 'all' });
      const files = await model.save_as_lora();
      expect(JSON.parse(await files['adapter_config.json'].text())).toMatchObject({
        peft_type: 'LORA',
        use_dora: true,
      });
      const lora = await LoraModel.from_pretrained(await loadTiny(opened), files);
      expectNear(await logitsOf(lora), await logitsOf(model));
    }));

  test('refuses what has no place for magnitudes', () =>
    within({}, async (opened) => {
      const model = await openTrained(opened);
      await model.add_adapter('plain', new VeraConfig({ r: 4, target_modules: ['q_proj'] }));
      const input_ids = [[0, 3, 9, 4]];
      await expect(model.forward({ input_ids, adapter_names: ['default'] })).rejects.toMatchObject({
        code: 'invalid_argument',
        message: 'Cannot pass `adapter_names` when DoRA is enabled.',
      });
      await model.forward({ input_ids, adapter_names: ['plain'] });
      await expect(model.add_weighted_adapter(['default'], [0.5], 'sum')).rejects.toThrow(
        'add_weighted_adapter: expected adapters without use_dora, got one with it',
      );
      await expect(model.save_as_lora({ adapters: ['default', 'plain'] })).rejects.toThrow(
        'save_as_lora: expected adapters without use_dora in a weighted sum, got one with it',
      );
      expect(Object.keys(model.peft_config)).toEqual(['default', 'plain']);
    }));

  test("can't go on in Python, where PEFT would train another adapter", () =>
    within({}, async (opened) => {
      await expect(exportedAdapter(await dvoraOn(await loadTiny(opened)))).rejects.toMatchObject({
        code: 'invalid_argument',
        message: "export_run: expected an adapter without use_dora, which PEFT's VERA doesn't have",
      });
    }));

  test('is estimated with its magnitudes, and learns a profile, whose kind stays', () =>
    within({ store: 'auto' }, async (opened) => {
      const { session } = opened;
      const sizeOf = async (use_dora: boolean) => {
        const peft_config = { r: 4, target_modules: ['q_proj'], use_dora };
        return (await estimate(tinyFiles(), { peft_config, session })).file.float32;
      };
      expect((await sizeOf(true)) - (await sizeOf(false))).toBeGreaterThanOrEqual(2 * 16 * 4);
      const base = await loadTiny(opened);
      const profile = await Profile.open(base, 'ada', { peft_config: { r: 2, use_dora: true } });
      await profile.add([{ input_ids: [0, 3, 9, 4, 17] }, { input_ids: [0, 5, 30, 11, 8] }]);
      await profile.learn({ args: { max_steps: 3 } });
      const files = await profile.export();
      expect(JSON.parse(await files.get('adapter_config.json')!.text())).toMatchObject({ use_dora: true });
      await profile.dispose();
      const other = Profile.open(base, 'ada', { peft_config: { r: 2, use_dora: false } });
      await expect(other).rejects.toThrow(/peft_config\.use_dora: expected true, as it began, got false/);
    }));
});
