import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AutoModelForCausalLM,
  adapters,
  estimate,
  export_run,
  get_peft_model,
  PeftConfig,
  PeftModel,
  type PreTrainedModel,
  type Trainer,
  VeraConfig,
  VeraModel,
} from '../../../src/index';
import type { AnyAdapterConfig } from '../../../src/page/adapters/page_kinds';
import { loadTiny, tinyFiles } from '../../helpers/models/tiny_llama';
import { tinyTrainer } from '../../helpers/models/tiny_training';
import { jsonOf, tensorsOf } from '../../helpers/session/exported_run';
import { oneBrowser } from '../../helpers/session/one_browser';
import { stopAt } from '../../helpers/session/resumed_run';
import { bytesOf, type TestSession, within } from '../../helpers/session/session';
import { LoraConfig } from './lora_config';
import { enterLora, LoraModel } from './lora_model';

let remove: () => void;
beforeAll(() => {
  remove = enterLora();
});
afterAll(() => remove());
oneBrowser();

const Q = 'base_model.model.model.layers.0.self_attn.q_proj';
const config = new LoraConfig({ r: 4, lora_alpha: 4, target_modules: ['q_proj', 'down_proj'] });
const args = { max_steps: 6, learning_rate: 0.05, save_steps: 2 } as const;
const input_ids = [[0, 3, 9, 4, 17, 5, 30, 11]];

/** The library's types know the kinds of its tables. */
async function loraOn(base: PreTrainedModel, fields: object = {}): Promise<LoraModel> {
  const model = await get_peft_model(base, new LoraConfig({ ...config, ...fields }) as unknown as AnyAdapterConfig);
  return model as unknown as LoraModel;
}

const trainerOf = (model: LoraModel, changes: object = {}): Trainer =>
  tinyTrainer(model, { args: { ...args, ...changes } });
const logitsOf = async (model: PreTrainedModel) => (await model.forward({ input_ids })).logits.data;
const weightsOf = async (model: LoraModel) => bytesOf((await model.save_pretrained())['adapter_model.safetensors']);

function expectNear(actual: Float32Array, expected: Float32Array): void {
  const difference = Math.max(...actual.map((value, index) => Math.abs(value - (expected[index] ?? Number.NaN))));
  expect(difference).toBeLessThan(1e-4);
}

async function openTrained(opened: TestSession, fields: object = {}): Promise<LoraModel> {
  const model = await loraOn(await loadTiny(opened), fields);
  await trainerOf(model).train();
  return model;
}

describe('a kind of adapters in a folder of its own and a line in each table', () => {
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

  test.each([{}, { lora_dropout: 0.2 }, { bias: 'all', modules_to_save: ['norm'] }])('trains with %j', (fields) =>
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
      const again: unknown = await PeftModel.from_pretrained(base, { id: 'mine' });
      expect(again).toBeInstanceOf(LoraModel);
      expect(await logitsOf(again as LoraModel)).toEqual(await logitsOf(model));
      expect(await weightsOf(again as LoraModel)).toEqual(await weightsOf(model));
      await expect(VeraModel.from_pretrained(base, files)).rejects.toMatchObject({
        code: 'invalid_format',
        message: 'peft_type: expected "VERA", got "LORA"',
      });
    }));

  test('resumes in a later session as if nothing had happened', async () => {
    const straight = await within({ store: 'auto' }, async (opened) => weightsOf(await openTrained(opened)));
    await within({ store: 'auto' }, async (opened) => {
      await stopAt(3)(trainerOf(await loraOn(await loadTiny(opened))).train());
    });
    const resumed = await within({ store: 'auto' }, async (opened) => {
      const model = await loraOn(await loadTiny(opened));
      await trainerOf(model).train({ resume_from_checkpoint: true });
      return weightsOf(model);
    });
    expect(resumed).toEqual(straight);
  });

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
      const model = await loraOn(await loadTiny(opened));
      const trainer = trainerOf(model);
      const run = trainer.train();
      await stopAt(2)(run);
      const files = await export_run({ model, trainer });
      const { checkpoint } = await jsonOf(files, 'run.json');
      expect(await jsonOf(files, `${checkpoint}/adapter_config.json`)).toMatchObject({ peft_type: 'LORA' });
      const moments = await tensorsOf(files.get(`${checkpoint}/optimizer.safetensors`) as Blob);
      expect([...moments.keys()]).toContain(`${Q}.lora_A.default.weight.exp_avg`);
    }));

  test('is estimated', () =>
    within({}, async ({ session }) => {
      const peft_config = { peft_type: 'LORA', r: 4, lora_alpha: 4 } as never;
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
      await expect(lora.add_weighted_adapter(['default'], [1], 'sum')).rejects.toMatchObject({
        code: 'invalid_argument',
      });
      await expect(lora.forward({ input_ids, adapter_names: ['default'] })).rejects.toMatchObject({
        message: "adapter_names: adapters of type LORA can't share a batch",
      });
      const alone = await AutoModelForCausalLM.from_pretrained(tinyFiles(), { session: opened.session });
      expect(await logitsOf(alone)).toEqual(await logitsOf(base));
    }));
});
