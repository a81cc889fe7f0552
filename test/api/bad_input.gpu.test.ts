import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RawTensor, readSafetensors, writeSafetensors } from '../../src/formats/tensors/safetensors';
import {
  type AdapterFiles,
  AutoModelForCausalLM,
  get_peft_model,
  type ModelInputs,
  type PreTrainedModel,
  Session,
  Trainer,
  VeraConfig,
  type VeraConfigInit,
  VeraModel,
} from '../../src/index';
import { eventually } from '../helpers/eventually';
import { loadTiny, tinyConfig, tinyFiles, tinyRow, tinyTensors, tinyVera } from '../helpers/models/tiny_llama';
import { bytesOf, openTestSession, type TestSession } from '../helpers/session/session';

const whole = writeSafetensors(tinyTensors());
const NORM = 'model.norm.weight';
const LAMBDA = 'base_model.model.model.layers.0.self_attn.q_proj.vera_lambda_b';

let opened: TestSession;
let base: PreTrainedModel;
let vera: VeraModel;
let adapter: AdapterFiles;
let expected: Float32Array;
let bytesBefore: number;

async function logitsOf(model: PreTrainedModel): Promise<Float32Array> {
  return (await model.forward({ input_ids: [tinyRow(8).input_ids] })).logits.data;
}

beforeAll(async () => {
  opened = await openTestSession();
  base = await loadTiny(opened);
  vera = await get_peft_model(base, tinyVera);
  await new Trainer({ model: vera, args: { max_steps: 1 }, train_dataset: [tinyRow(20)] }).train();
  adapter = await vera.save_pretrained();
  expected = await logitsOf(vera);
});
afterAll(() => opened.session.close());
beforeEach(() => {
  bytesBefore = opened.liveBytes();
});

/** Expects a rejection with this code and message, which leaves GPU memory, the adapter's state and the logits unchanged. */
async function expectRefusal(code: string, action: () => PromiseLike<unknown>, message?: string): Promise<void> {
  const { peft_config, active_adapters } = vera;
  const error = await Promise.resolve()
    .then(action)
    .then(
      () => undefined,
      (thrown: unknown) => thrown as { code: string; message: string },
    );
  expect(error).toMatchObject({ name: 'WebVeraError', code });
  expect(error?.message.length).toBeGreaterThan(10);
  if (message !== undefined) expect(error?.message).toBe(message);
  expect(opened.liveBytes()).toBe(bytesBefore);
  expect((await vera.memory()).gpu_bytes).toBe(bytesBefore);
  expect([vera.peft_config, vera.active_adapters]).toEqual([peft_config, active_adapters]);
  expect(await logitsOf(vera)).toEqual(expected);
  expect(opened.session.state).toBe('ready');
}

function weightsWith(change: (tensors: Map<string, RawTensor>) => void): Uint8Array<ArrayBuffer> {
  const tensors = tinyTensors();
  change(tensors);
  return writeSafetensors(tensors);
}

const numbers = (length: number, value: number): RawTensor => ({
  dtype: 'F32',
  shape: [length],
  bytes: new Uint8Array(new Float32Array(length).fill(value).buffer),
});
const zeros = (...shape: number[]): RawTensor => ({
  dtype: 'F32',
  shape,
  bytes: new Uint8Array(4 * shape.reduce((a, b) => a * b, 1)),
});

describe('models', () => {
  const load = (files: { readonly files: Map<string, Blob> }) => () =>
    AutoModelForCausalLM.from_pretrained(files, { session: opened.session });

  test.each<[string, string, Parameters<typeof tinyFiles>[0]]>([
    ['weights cut off', 'invalid_format', { weights: whole.slice(0, whole.length - 100) }],
    ['weights cut off in the header', 'invalid_format', { weights: whole.slice(0, 40) }],
    ['no weights', 'invalid_format', { weights: new Uint8Array(0) }],
    ['a tensor missing', 'invalid_format', { weights: weightsWith((tensors) => tensors.delete(NORM)) }],
    ['a vector too long', 'invalid_format', { weights: weightsWith((tensors) => tensors.set(NORM, zeros(17))) }],
    ['a vector as a matrix', 'invalid_format', { weights: weightsWith((tensors) => tensors.set(NORM, zeros(4, 4))) }],
    ['other sizes in config.json', 'invalid_format', { config: { ...tinyConfig, intermediate_size: 32 } }],
    ['a layer more in config.json', 'invalid_format', { config: { ...tinyConfig, num_hidden_layers: 3 } }],
    ['heads that do not divide', 'invalid_format', { config: { ...tinyConfig, num_key_value_heads: 3 } }],
    ['broken JSON', 'invalid_format', { config: '{"model_type": "lla' }],
    ['an unknown model_type', 'unsupported_model', { config: { ...tinyConfig, model_type: 'mamba' } }],
    ['an unknown activation', 'unsupported_model', { config: { ...tinyConfig, hidden_act: 'relu6' } }],
  ])('%s', async (_, code, files) => {
    await expectRefusal(code, load(tinyFiles(files)));
  });

  test('absent files', async () => {
    await expectRefusal('not_found', load({ files: new Map() }));
    const { files } = tinyFiles();
    files.delete('model.safetensors');
    await expectRefusal('not_found', load({ files }));
  });

  test('an invalid tokenizer', async () => {
    const { files } = tinyFiles();
    files.set('tokenizer.json', new Blob(['{"model": {"type": "None"}}']));
    await expectRefusal('invalid_format', load({ files }));
  });

  test('a load that is aborted leaves nothing', async () => {
    const { session } = opened;
    const controller = new AbortController();
    const reason = new Error('never mind');
    const progress_callback = ({ status }: { status: string }): void => {
      if (status === 'upload') controller.abort(reason);
    };
    const loading = AutoModelForCausalLM.from_pretrained(tinyFiles(), {
      session,
      signal: controller.signal,
      progress_callback,
    });
    await expect(loading).rejects.toBe(reason);
    await eventually(() => expect(opened.liveBytes()).toBe(bytesBefore));
  });

  test('no WebGPU, no adapter', async () => {
    for (const gpu of [undefined, { requestAdapter: async () => null } as unknown as GPU]) {
      const session = await Session.open({ worker: false, store: 'memory', ...(gpu && { gpu }) });
      const loading = AutoModelForCausalLM.from_pretrained(tinyFiles(), { session });
      await expect(loading).rejects.toMatchObject({ code: 'unsupported_device' });
      await session.close();
    }
  });
});

describe('adapters', () => {
  test.each<[string, VeraConfigInit]>([
    ['targets that match nothing', { target_modules: ['query'] }],
    ['a regex that matches nothing', { target_modules: 'layers\\.7\\..*' }],
    ['a regex that is none', { target_modules: '(' }],
    ['layers that are not there', { target_modules: ['q_proj'], layers_to_transform: [7] }],
    ['the input embedding', { target_modules: ['embed_tokens'] }],
    ['modules to save that are not there', { target_modules: ['q_proj'], modules_to_save: ['classifier'] }],
    ['modules to save that are wrapped', { target_modules: ['q_proj'], modules_to_save: ['proj'] }],
  ])('%s', async (_, init) => {
    await expectRefusal('invalid_argument', () => get_peft_model(base, new VeraConfig(init)));
    await expectRefusal('invalid_argument', () => vera.add_adapter('other', new VeraConfig(init)));
  });

  test.each<[string, object]>([
    ['r = 0', { r: 0 }],
    ['r < 0', { r: -4 }],
    ['half an r', { r: 1.5 }],
    ['an unknown field', { rank: 8 }],
    ['an unknown bias', { bias: 'some' }],
  ])('%s', (_, init) => {
    expect(() => new VeraConfig(init)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  test('a name that is taken, unknown or impossible', async () => {
    const refused = (action: () => PromiseLike<unknown>, message: string) =>
      expectRefusal('invalid_argument', action, message);
    const add = (name: string) => () => vera.add_adapter(name, tinyVera);
    await refused(add('default'), "Adapter with name 'default' already exists.");
    await refused(add('a.b'), 'module name can\'t contain ".", got: a.b');
    await refused(add('__base__'), 'adapter_name: expected the name of an adapter, got __base__');
    await refused(() => get_peft_model(base, tinyVera, 'a.b'), 'module name can\'t contain ".", got: a.b');
    await refused(
      () => vera.load_adapter(adapter, '__base__'),
      'adapter_name: expected the name of an adapter, got __base__',
    );
    await refused(() => vera.set_adapter('nobody'), 'Adapter nobody not found.');
    await refused(() => vera.delete_adapter('nobody'), 'Adapter nobody does not exist');
    await refused(() => vera.save_pretrained({ adapter_name: 'nobody' }), 'Adapter nobody not found.');
  });

  test('one of two adapters that arrive at the same time under one name', async () => {
    const outcomes = await Promise.allSettled([vera.add_adapter('twin', tinyVera), vera.add_adapter('twin', tinyVera)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await vera.delete_adapter('twin');
    expect(opened.liveBytes()).toBe(bytesBefore);
  });

  const load = (files: Partial<Record<keyof AdapterFiles, Blob>>) => () =>
    VeraModel.from_pretrained(base, { ...adapter, ...files });
  const loadBeside = (files: Partial<Record<keyof AdapterFiles, Blob>>) => () =>
    vera.load_adapter({ ...adapter, ...files }, 'other');

  async function modelWith(change: (tensors: Map<string, RawTensor>) => void): Promise<Blob> {
    const { tensors } = readSafetensors(await bytesOf(adapter['adapter_model.safetensors']));
    const copy = new Map(tensors);
    change(copy);
    return new Blob([writeSafetensors(copy)]);
  }

  test.each<[string, () => Blob | Promise<Blob>]>([
    ['cut off', () => adapter['adapter_model.safetensors'].slice(0, -40)],
    ['empty', () => new Blob([])],
    ['not a number in λ', () => modelWith((tensors) => tensors.set(LAMBDA, numbers(16, Number.NaN)))],
    ['infinity in λ', () => modelWith((tensors) => tensors.set(LAMBDA, numbers(16, Number.POSITIVE_INFINITY)))],
    ['λ too short', () => modelWith((tensors) => tensors.set(LAMBDA, zeros(15)))],
    ['λ missing', () => modelWith((tensors) => tensors.delete(LAMBDA))],
    ['projections missing', () => modelWith((tensors) => tensors.delete('base_model.vera_A'))],
    ['A too narrow', () => modelWith((tensors) => tensors.set('base_model.vera_A', zeros(8, 4)))],
  ])('weights: %s', async (_, weights) => {
    const files = { 'adapter_model.safetensors': await weights() };
    await expectRefusal('invalid_format', load(files));
    await expectRefusal('invalid_format', loadBeside(files));
  });

  test.each<[string, string, (json: Record<string, unknown>) => unknown]>([
    ['of a kind that isn’t built', 'invalid_format', (json) => ({ ...json, peft_type: 'ADALORA' })],
    ['of another r', 'invalid_format', (json) => ({ ...json, r: 4 })],
    ['r = 0', 'invalid_argument', (json) => ({ ...json, r: 0 })],
    ['no object', 'invalid_format', () => [1]],
    ['targets that match nothing', 'invalid_argument', (json) => ({ ...json, target_modules: ['query'] })],
  ])('config: %s', async (_, code, change) => {
    const json = JSON.parse(await adapter['adapter_config.json'].text());
    const files = { 'adapter_config.json': new Blob([JSON.stringify(change(json))]) };
    await expectRefusal(code, load(files));
    await expectRefusal(code, loadBeside(files));
  });
});

describe('calls', () => {
  test('prompts and settings of generate', async () => {
    for (const prompt of [[], [32], [-1], [1.5], Array(512).fill(3), 'text']) {
      await expectRefusal('invalid_argument', () => vera.generate(prompt as number[]));
    }
    for (const config of [{ max_new_tokens: 0 }, { temperature: 0 }, { top_k: -1 }, { beams: 4 }]) {
      await expectRefusal('invalid_argument', () => vera.generate([3], config));
    }
  });

  test('inputs of forward', async () => {
    const forward = (inputs: object) => () => vera.forward(inputs as ModelInputs);
    await expectRefusal('invalid_argument', forward({}));
    await expectRefusal('invalid_argument', forward({ input_ids: [] }));
    await expectRefusal('invalid_argument', forward({ input_ids: [[3], [3, 4]] }));
    await expectRefusal('invalid_argument', forward({ input_ids: [[32]] }));
    await expectRefusal('invalid_argument', forward({ input_ids: [Array(513).fill(3)] }));
    await expectRefusal('invalid_argument', forward({ input_ids: [[3]], labels: [[3, 4]] }));
    await expectRefusal('invalid_argument', forward({ input_ids: [[3, 4]], labels: [[3, 32]] }));
    await expectRefusal('invalid_argument', forward({ input_ids: [[3, 4]], labels: [[3, -1]] }));
    await expectRefusal('invalid_argument', forward({ input_ids: [[3, 4]], attention_mask: [[1, 2]] }));
    await expectRefusal('invalid_argument', forward({ input_ids: [[3]], token_types: [[0]] }));
  });

  test('arguments of training', async () => {
    const train = (args: object) => async () => new Trainer({ model: vera, args, train_dataset: [tinyRow(9)] }).train();
    for (const args of [{ learning_rate: -1 }, { max_steps: 0 }, { epochs: 3 }, { per_device_train_batch_size: 0.5 }]) {
      await expectRefusal('invalid_argument', train(args));
    }
  });

  test('names of tensors', () => expectRefusal('invalid_argument', () => base.state_dict(['model.nothing.weight'])));
});
