import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { toFloat32 } from '../../../src/formats/tensors/values';
import {
  AutoModelForCausalLM,
  get_peft_model,
  type PreTrainedModel,
  Trainer,
  VeraConfig,
  type VeraConfigInit,
  VeraModel,
} from '../../../src/index';
import { largestDifference } from '../../helpers/golden/golden';
import { seededFiles, smallConfigs } from '../../helpers/models/seeded_model';
import { tinyRow } from '../../helpers/models/tiny_llama';
import { bytesOf, openTestSession, type TestSession } from '../../helpers/session/session';
import { trainedStateCases } from './trained_state_cases';

const { llama, gpt2, opt } = smallConfigs;
/** Its file names the tie as LFM2's first checkpoints do. */
const lfm2 = { ...llama, model_type: 'lfm2', tie_embedding: true, block_multiple_of: 8 };
const input_ids = [tinyRow(10, 4).input_ids, tinyRow(10, 5).input_ids];

let opened: TestSession;
beforeAll(async () => {
  opened = await openTestSession();
});
afterAll(() => opened.session.close());
const loaded = new Set<PreTrainedModel>();
beforeEach(() => {
  expect(opened.liveBytes()).toBe(0);
});
afterEach(async () => {
  for (const base of loaded) await base.dispose();
  loaded.clear();
});

async function load(model: { readonly model_type: string }): Promise<PreTrainedModel> {
  const base = await AutoModelForCausalLM.from_pretrained(seededFiles(model), { session: opened.session });
  loaded.add(base);
  return base;
}

const logitsOf = async (model: PreTrainedModel) => (await model.forward({ input_ids })).logits.data;

async function stateOf(model: PreTrainedModel): Promise<Map<string, Float32Array>> {
  return new Map([...(await model.state_dict())].map(([name, { data }]) => [name, data]));
}

async function train(model: VeraModel, max_steps = 2): Promise<void> {
  const args = { max_steps, learning_rate: 0.05, warmup_ratio: 0, lr_scheduler_type: 'constant' } as const;
  await new Trainer({ model, args, train_dataset: [tinyRow(14), tinyRow(11, 1)] }).train();
}

async function tensorsIn(model: VeraModel): Promise<Map<string, { shape: readonly number[]; data: Float32Array }>> {
  const { tensors } = readSafetensors(await bytesOf((await model.save_pretrained())['adapter_model.safetensors']));
  return new Map([...tensors].map(([name, raw]) => [name, { shape: raw.shape, data: toFloat32(raw) }]));
}

describe.each(trainedStateCases)('$what', ({ model: architecture, config, trains, stay }) => {
  test('training moves these and nothing else; the base model stays as it was', async () => {
    const base = await load(architecture);
    const [plain, state] = [await logitsOf(base), await stateOf(base)];
    const model = await get_peft_model(base, new VeraConfig(config));
    // The copies that are trained begin with the base model's values.
    expect(await logitsOf(model)).toEqual(plain);
    const names = [...(await stateOf(model)).keys()];
    const trained = names.filter((name) => trains.test(name));
    expect(trained.length).toBeGreaterThan(1);
    await train(model);

    const after = await stateOf(model);
    expect([...after.keys()]).toEqual(names);
    for (const name of names) {
      const before = state.get(name) ?? state.get([...state.keys()].find((key) => /embed_tokens|wte/.test(key))!)!;
      if (trained.includes(name)) expect(largestDifference(after.get(name)!, before), name).toBeGreaterThan(1e-3);
      else expect(after.get(name), name).toEqual(before);
    }
    expect(await stateOf(base)).toEqual(state);
    expect(await logitsOf(base)).toEqual(plain);
    expect(largestDifference(await logitsOf(model), plain)).toBeGreaterThan(0.01);

    // As in PEFT, disabling adapters restores the base model's modules, but trained biases stay in effect.
    const disabled = await model.disable_adapter(() => stateOf(model));
    for (const [name, numbers] of disabled) {
      expect(numbers, name).toEqual(
        (trained.includes(name) && stay.test(name) && isBias(config, name) ? after : state).get(name),
      );
    }
    const { trainable } = model.get_nb_trainable_parameters();
    const { vectors, others } = split(await tensorsIn(model));
    expect(trainable).toBe([...vectors, ...others].reduce((sum, [, { data }]) => sum + data.length, 0));
  });

  test('the saved tensors are the trained ones, in the layout of the base; they load unchanged', async () => {
    const base = await load(architecture);
    const model = await get_peft_model(base, new VeraConfig(config));
    await train(model);
    const [logits, state] = [await logitsOf(model), await model.state_dict()];
    const { others } = split(await tensorsIn(model));
    expect(others.size).toBe([...state.keys()].filter((name) => trains.test(name)).length);
    for (const [saved, { shape, data }] of others) {
      const name = saved.replace('base_model.model.', '').replace('.base_layer', '');
      expect(trains.test(name), name).toBe(true);
      expect([shape, data], name).toEqual([state.get(name)!.dims, state.get(name)!.data]);
    }
    const files = await model.save_pretrained();
    const other = await load(architecture);
    const again = await VeraModel.from_pretrained(other, files, { is_trainable: true });
    expect(await logitsOf(again)).toEqual(logits);
    expect(await stateOf(again)).toEqual(await stateOf(model));
    const written = await again.save_pretrained();
    expect(await bytesOf(written['adapter_model.safetensors'])).toEqual(
      await bytesOf(files['adapter_model.safetensors']),
    );
    // The loaded adapter continues training like the saved one.
    await train(model, 1);
    await train(again, 1);
    expect(await stateOf(again)).toEqual(await stateOf(model));
    expect(await logitsOf(again)).toEqual(await logitsOf(model));
  });

  test('a merged and unloaded model has them; deleting leaves nothing', async () => {
    const base = await load(architecture);
    const [plain, state] = [await logitsOf(base), await stateOf(base)];
    const before = opened.storageBytes();
    const model = await get_peft_model(base, new VeraConfig(config));
    await train(model);
    const logits = await logitsOf(model);
    const trained = await stateOf(model);
    const folder = await model.export_model();
    const unloaded = await model.merge_and_unload();
    expect(largestDifference(await logitsOf(unloaded), logits)).toBeLessThan(1e-4);
    for (const [name, numbers] of await stateOf(unloaded)) {
      if (trains.test(name)) expect(numbers, name).toEqual(trained.get(name));
    }
    const exported = await AutoModelForCausalLM.from_pretrained({ files: folder }, { session: opened.session });
    loaded.add(exported);
    for (const [name, numbers] of await stateOf(exported)) expect(numbers, name).toEqual(trained.get(name));
    await exported.dispose();
    expect([await logitsOf(base), await stateOf(base)]).toEqual([plain, state]);

    const second = await get_peft_model(base, new VeraConfig(config));
    await train(second, 1);
    const held = opened.storageBytes();
    await second.delete_adapter('default');
    expect(await logitsOf(second)).toEqual(plain);
    expect(await stateOf(second)).toEqual(state);
    expect(opened.storageBytes()).toBeLessThan(held);
    await unloaded.dispose();
    expect(opened.liveBytes()).toBe(0);
    expect(before).toBeGreaterThan(0);
  });
});

function isBias({ bias }: VeraConfigInit, name: string): boolean {
  return bias !== undefined && bias !== 'none' && name.endsWith('.bias');
}

function split<T>(tensors: ReadonlyMap<string, T>): { vectors: Map<string, T>; others: Map<string, T> } {
  const [vectors, others] = [new Map<string, T>(), new Map<string, T>()];
  for (const [name, tensor] of tensors) {
    if (/vera_[AB]$/.test(name)) continue;
    (name.includes('vera_lambda_') ? vectors : others).set(name, tensor);
  }
  return { vectors, others };
}

test.each([llama, gpt2, opt, lfm2])(
  'a tied head keeps the old embedding if $model_type saves that whole',
  async (architecture) => {
    const base = await load(architecture);
    const [embedding, targets] = architecture === gpt2 ? ['wte', 'c_attn'] : ['embed_tokens', 'q_proj'];
    const config = { r: 8, target_modules: [targets], modules_to_save: [embedding] };
    const model = await get_peft_model(base, new VeraConfig(config));
    await train(model);
    const name = [...(await stateOf(base)).keys()].find((key) => key.endsWith(`${embedding}.weight`))!;
    const old = (await stateOf(base)).get(name)!;
    await model.merge_adapter();
    const logits = await logitsOf(model);
    const folder = await model.export_model();
    const exportedConfig = JSON.parse(await folder.get('config.json')!.text());
    expect(exportedConfig.tie_word_embeddings).toBe(false);
    expect(exportedConfig.tie_embedding).toBeUndefined(); // transformers would obey it
    const exported = await AutoModelForCausalLM.from_pretrained({ files: folder }, { session: opened.session });
    loaded.add(exported);
    const unloaded = await model.merge_and_unload();
    for (const each of [exported, unloaded]) {
      expect(each.config.tie_word_embeddings).toBe(false);
      expect(await logitsOf(each)).toEqual(logits);
      const state = await stateOf(each);
      expect(state.get('lm_head.weight')).toEqual(old);
      expect(largestDifference(state.get(name)!, old)).toBeGreaterThan(1e-3);
    }
  },
);

test('two active adapters train together, and each is saved with its own', async () => {
  const base = await load(llama);
  const plain = await logitsOf(base);
  const norm = { r: 8, target_modules: ['q_proj'], modules_to_save: ['model.norm'] };
  const model = await get_peft_model(base, new VeraConfig(norm), 'one');
  await model.add_adapter(
    'two',
    new VeraConfig({ r: 4, target_modules: ['v_proj'], projection_prng_key: 3, bias: 'all' }),
  );
  await model.add_adapter('idle', new VeraConfig({ r: 4, target_modules: ['q_proj'] }));
  const before = new Map<string, Uint8Array>();
  const names = ['one', 'two', 'idle'];
  const bytesNow = async (adapter_name: string) =>
    bytesOf((await model.save_pretrained({ adapter_name }))['adapter_model.safetensors']);
  for (const name of names) before.set(name, await bytesNow(name));
  await model.set_adapter(['one', 'two']);
  await train(model, 3);
  for (const name of ['one', 'two']) expect(await bytesNow(name), name).not.toEqual(before.get(name));
  expect(await bytesNow('idle')).toEqual(before.get('idle'));
  const together = await logitsOf(model);
  await model.set_adapter('one');
  expect(largestDifference(await logitsOf(model), together)).toBeGreaterThan(0.001);
  await model.set_adapter(['one', 'two']);
  expect(await logitsOf(model)).toEqual(together);

  const files = {
    one: await model.save_pretrained({ adapter_name: 'one' }),
    two: await model.save_pretrained({ adapter_name: 'two' }),
  };
  const again = await VeraModel.from_pretrained(await load(llama), files.one, { adapter_name: 'one' });
  await again.load_adapter(files.two, 'two');
  await again.set_adapter(['one', 'two']);
  expect(await logitsOf(again)).toEqual(together);
  expect(await logitsOf(base)).toEqual(plain);
});

test('biases stay while their adapter exists, and are removed with it, whichever adapter is active', async () => {
  const base = await load(gpt2);
  const plain = await logitsOf(base);
  const model = await get_peft_model(base, new VeraConfig({ r: 8, target_modules: ['c_attn'], bias: 'all' }), 'biased');
  await model.add_adapter('other', new VeraConfig({ r: 8, target_modules: ['c_proj'] }));
  await train(model);
  await model.set_adapter('other');
  const rows = { input_ids, adapter_names: ['other', '__base__'] };
  const mixed = await model.forward(rows);
  const stay = await logitsOf(model);
  // The adapter 'other' is new and adds nothing, so the difference comes from the biases, even while 'other' is merged or disabled.
  expect(largestDifference(stay, plain)).toBeGreaterThan(0.01);
  expect(largestDifference(mixed.logits.data, stay)).toBeLessThan(1e-5);
  expect(await model.disable_adapter(() => logitsOf(model))).toEqual(stay);
  await model.merge_adapter();
  expect(await logitsOf(model)).toEqual(stay);
  await model.delete_adapter('biased');
  // No cached program reads the deleted biases.
  expect(await logitsOf(model)).toEqual(plain);
  await model.unmerge_adapter();
  expect(await logitsOf(model)).toEqual(plain);
  expect(largestDifference((await model.forward(rows)).logits.data, plain)).toBeLessThan(1e-5);
  // A new adapter begins with the base model's biases, not with those of the deleted one.
  await model.add_adapter('biased', new VeraConfig({ r: 8, target_modules: ['c_attn'], bias: 'vera_only' }));
  expect(await logitsOf(model)).toEqual(plain);
  expect(largestDifference((await model.forward(rows)).logits.data, plain)).toBeLessThan(1e-5);
  expect(await model.disable_adapter(() => logitsOf(model))).toEqual(plain);
  expect(await logitsOf(base)).toEqual(plain);
});
