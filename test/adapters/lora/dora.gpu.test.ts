import { afterAll, describe, expect, test } from 'vitest';
import {
  AutoModelForCausalLM,
  estimate,
  get_peft_model,
  LoraConfig,
  type LoraConfigInit,
  LoraModel,
  PeftModel,
  type PreTrainedModel,
  Profile,
} from '../../../src/index';
import { goldenAdapter, goldenAdapters, goldenBase, goldenTensors } from '../../helpers/golden/golden';
import { expectGoldenLogits } from '../../helpers/golden/golden_steps';
import { loadTiny, tinyFiles } from '../../helpers/models/tiny_llama';
import { oneBrowser } from '../../helpers/session/one_browser';
import { openTestSession, type TestSession, tensorsOf, within } from '../../helpers/session/session';
import { expectNear, expectResumes, exportedAdapter, logitsOf, trainerOf, weightsOf } from '../tiny_adapters';

oneBrowser();

const Q = 'base_model.model.model.layers.0.self_attn.q_proj';
const config = new LoraConfig({ r: 4, lora_alpha: 4, target_modules: ['q_proj', 'down_proj'], use_dora: true });

const doraOn = (base: PreTrainedModel, fields: LoraConfigInit = {}): Promise<LoraModel> =>
  get_peft_model(base, new LoraConfig({ ...config, ...fields }));

async function openTrained(opened: TestSession, fields: LoraConfigInit = {}): Promise<LoraModel> {
  const model = await doraOn(await loadTiny(opened), fields);
  await trainerOf(model).train();
  return model;
}

describe('DoRA', () => {
  test('changes nothing yet, as it begins, and trains one number more for each output', () =>
    within({}, async (opened) => {
      const base = await loadTiny(opened);
      const model = await doraOn(base);
      expectNear(await logitsOf(model), await logitsOf(base));
      expect(model.get_nb_trainable_parameters().trainable).toBe(2 * (4 * (16 + 16 + 24 + 16) + 16 + 16));
      expect(model.peft_config.default?.use_dora).toBe(true);
    }));

  test.each<LoraConfigInit>([
    {},
    { lora_dropout: 0.2 },
    { bias: 'all', modules_to_save: ['norm'], init_lora_weights: false },
  ])('trains with %j', (fields) =>
    within({}, async (opened) => {
      const model = await doraOn(await loadTiny(opened), fields);
      const before = await tensorsOf((await model.save_pretrained())['adapter_model.safetensors']);
      const run = trainerOf(model, { max_steps: 20 }).train();
      await run;
      const [first, last] = [run.state.log_history[0], run.state.log_history.at(-1)];
      expect(last?.loss).toBeLessThan(0.9 * (first?.loss ?? 0));
      const after = await tensorsOf((await model.save_pretrained())['adapter_model.safetensors']);
      const magnitude = `${Q}.lora_magnitude_vector`;
      expect(after.get(magnitude)).not.toEqual(before.get(magnitude));
    }),
  );

  test("saves PEFT's names, and loads the same again", () =>
    within({}, async (opened) => {
      const model = await openTrained(opened, { modules_to_save: ['norm'] });
      const files = await model.save_pretrained();
      expect(JSON.parse(await files['adapter_config.json'].text())).toMatchObject({ use_dora: true });
      const tensors = await tensorsOf(files['adapter_model.safetensors']);
      expect([...tensors.keys()]).toContain(`${Q}.lora_magnitude_vector`);
      const again = await PeftModel.from_pretrained(await loadTiny(opened), files);
      expect(await logitsOf(again as LoraModel)).toEqual(await logitsOf(model));
      expect(await weightsOf(again as LoraModel)).toEqual(await weightsOf(model));
    }));

  test('resumes in a later session as if nothing had happened', () =>
    expectResumes(async (opened) => doraOn(await loadTiny(opened), { lora_dropout: 0.1 })));

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

  test('is exported for Python, with moments by the names of torch', () =>
    within({}, async (opened) => {
      const { config, moments } = await exportedAdapter(await doraOn(await loadTiny(opened)));
      expect(config).toMatchObject({ peft_type: 'LORA', use_dora: true });
      expect([...moments.keys()]).toContain(`${Q}.lora_magnitude_vector.default.weight.exp_avg`);
    }));

  test('is estimated with its magnitudes', () =>
    within({}, async ({ session }) => {
      const sizeOf = async (use_dora: boolean) => {
        const peft_config = { peft_type: 'LORA', r: 4, target_modules: ['q_proj'], use_dora } as const;
        return (await estimate(tinyFiles(), { peft_config, session })).file.float32;
      };
      expect((await sizeOf(true)) - (await sizeOf(false))).toBeGreaterThanOrEqual(2 * 16 * 4);
    }));

  test('learns a profile, whose kind stays', () =>
    within({ store: 'auto' }, async (opened) => {
      const base = await loadTiny(opened);
      const peft_config = { peft_type: 'LORA', r: 2, use_dora: true } as const;
      const profile = await Profile.open(base, 'ada', { peft_config });
      await profile.add([{ input_ids: [0, 3, 9, 4, 17] }, { input_ids: [0, 5, 30, 11, 8] }]);
      await profile.learn({ args: { max_steps: 3 } });
      const files = await profile.export();
      expect(JSON.parse(await files.get('adapter_config.json')!.text())).toMatchObject({ use_dora: true });
      await profile.dispose();
      const other = Profile.open(base, 'ada', { peft_config: { ...peft_config, use_dora: false } });
      await expect(other).rejects.toThrow(/peft_config\.use_dora: expected true, as it began, got false/);
    }));
});

describe('two adapters of DoRA', async () => {
  const NAME = 'two_adapters_dora';
  const golden = goldenAdapters(NAME);
  const opened = await openTestSession();
  afterAll(() => opened.session.close());
  const base = await AutoModelForCausalLM.from_pretrained(goldenBase(golden.base), { session: opened.session });
  const both = async (): Promise<LoraModel> => {
    const model = await LoraModel.from_pretrained(base, goldenAdapter(NAME, 'adapters'));
    await model.load_adapter(goldenAdapter(NAME, 'adapters/other'), 'other');
    return model;
  };

  test('switched, both at once, switched off, one deleted, as PEFT has it', async () => {
    const model = await both();
    await expectGoldenLogits(model, NAME, 'first_active');
    await model.set_adapter('other');
    await expectGoldenLogits(model, NAME, 'second_active');
    await model.disable_adapter(() => expectGoldenLogits(model, NAME, 'disabled'));
    await model.set_adapter(['default', 'other']);
    await expectGoldenLogits(model, NAME, 'both_active');
    await model.delete_adapter('other');
    await expectGoldenLogits(model, NAME, 'second_deleted');
  });

  test('merged one after the other, by the lengths of the rows of the unmerged weight, as PEFT has it', async () => {
    expect(goldenTensors(NAME).has('both_merged.logits')).toBe(true);
    const model = await both();
    await model.merge_adapter({ adapter_names: ['default', 'other'] });
    await expectGoldenLogits(model, NAME, 'both_merged');
    await model.unmerge_adapter();
    await model.merge_adapter({ adapter_names: ['default'] });
    await model.merge_adapter({ adapter_names: ['other'] });
    await expectGoldenLogits(model, NAME, 'both_merged');
  });

  test("rows of a batch can't name one, in PEFT's words", async () => {
    const model = await both();
    await model.add_adapter('plain', new LoraConfig({ r: 2 }));
    const batch = golden.inputs.batch;
    const mixed = (adapter_names: string[]) => model.forward({ ...batch, adapter_names });
    await expect(mixed(['plain', 'other'])).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'Cannot pass `adapter_names` when DoRA is enabled.',
    });
    await mixed(['plain', '__base__']);
  });

  test('are not added up: PEFT would lose their magnitudes', async () => {
    const model = await both();
    await expect(model.add_weighted_adapter(['default', 'other'], [1, 1], 'sum', 'cat')).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'add_weighted_adapter: expected adapters without use_dora, got one with it',
    });
    expect(Object.keys(model.peft_config)).toEqual(['default', 'other']);
  });
});
