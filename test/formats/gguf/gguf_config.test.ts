import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseGemma2Config } from '../../../src/models/decoders/gemma2';
import { parseLlamaConfig } from '../../../src/models/decoders/llama';
import type { GgufSpec } from '../../helpers/bytes/gguf_bytes';
import { ggufFile, ggufModels } from '../../helpers/golden/golden_gguf';
import { configOf, described, PARSERS, parsed } from './described_gguf';

/** Fields that GGUF doesn't store: llama.cpp derives Gemma's scale from the model's size, and Falcon's context length is constant. */
const UNTOLD: Readonly<Record<string, JsonObject>> = {
  gemma2: { query_pre_attn_scalar: 16 },
  gemma3: { query_pre_attn_scalar: 16 },
  falcon: { max_position_embeddings: 2048 },
  'falcon-new': { max_position_embeddings: 2048 },
};

test.each(ggufModels)('%s is described as by its config.json', async (name) => {
  const json = JSON.parse(readFileSync(`test/golden/base/${name}/config.json`, 'utf8'));
  const made = await configOf(ggufFile(name));
  expect({ type: made.model_type, classes: made.architectures }).toEqual({
    type: json.model_type,
    classes: json.architectures,
  });
  const parse = PARSERS[json.model_type];
  if (parse === undefined) throw new Error(`no parser of ${json.model_type}`);
  // GGUF doesn't store the checkpoint's dtype.
  expect({ ...parse(made), dtype: null }).toEqual({ ...parse({ ...json, ...UNTOLD[name] }), dtype: null });
});

test('all families are among these', () => {
  const types = ggufModels.map((name) => JSON.parse(readFileSync(`test/golden/base/${name}/config.json`, 'utf8')));
  expect(new Set(types.map(({ model_type }) => model_type))).toEqual(new Set(Object.keys(PARSERS)));
});

test.each<[NonNullable<GgufSpec['fields']>, unknown]>([
  [{ 'tokenizer.ggml.eos_token_id': 2 }, 2],
  [{ 'tokenizer.ggml.eos_token_id': 2, 'tokenizer.ggml.eot_token_id': 7 }, [2, 7]],
  [{ 'tokenizer.ggml.eos_token_id': 2, 'tokenizer.ggml.eot_token_id': 2 }, 2],
  [{ 'tokenizer.ggml.eot_token_id': 7 }, [7]],
  [{ 'tokenizer.ggml.eos_token_id': 2, 'tokenizer.ggml.eom_token_id': 5 }, [2, 5]],
  [{ 'tokenizer.ggml.eos_token_id': 2, 'tokenizer.ggml.eos_token_ids': [7, 2, 9] }, [2, 7, 9]],
  [{}, null],
])('a file with %j ends texts at %j', async (fields, eos_token_id) => {
  expect((await configOf(described('llama', {}, { fields }))).eos_token_id).toEqual(eos_token_id);
});

describe('a file that names only the end of texts', () => {
  const tokens = ['<s>', '<|im_end|>', '</s>', 'a', '<|endoftext|>', '<|end|>'];
  const ends = async (more: NonNullable<GgufSpec['fields']> = {}): Promise<unknown> => {
    const fields = { 'tokenizer.ggml.tokens': tokens, 'tokenizer.ggml.eos_token_id': 2, ...more };
    return (await configOf(described('llama', {}, { fields }))).eos_token_id;
  };

  test.each([3, 4, 1])('ends them at tokens that llama.cpp knows as ends, too, with type %i', async (type) => {
    expect(await ends({ 'tokenizer.ggml.token_type': [3, 3, 3, 1, 3, type] })).toEqual([2, 1, 4, 5]);
  });

  test('ends them at all such tokens if it has no types', async () => {
    expect(await ends()).toEqual([2, 1, 4, 5]);
  });

  test('ends none at a token without an embedding', async () => {
    const beyond = [...Array.from({ length: 96 }, (_, id) => `a${id}`), '<|im_end|>'];
    const fields = { 'tokenizer.ggml.tokens': beyond, 'tokenizer.ggml.eos_token_id': 2 };
    const config = await configOf(described('llama', {}, { fields }));
    expect(parseLlamaConfig(config).eos_token_ids).toEqual([2]);
  });
});

test.each([
  [95, 95],
  [96, null],
  [2 ** 32 - 1, null],
])('the padding token %i is %j, because llama.cpp ignores a token without an embedding', async (id, padding) => {
  const config = await configOf(described('llama', {}, { fields: { 'tokenizer.ggml.padding_token_id': id } }));
  expect(parseLlamaConfig(config).pad_token_id).toBe(padding);
});

test.each(['llama', 'gemma2', 'gpt2'])(
  'a %s whose tokens attend to later ones is unsupported_model',
  async (architecture) => {
    const refused = parsed(architecture, { 'attention.causal': false });
    await expect(refused).rejects.toMatchObject({
      code: 'unsupported_model',
      message: expect.stringContaining('is_causal'),
    });
  },
);

describe('a file is unsupported_model if', () => {
  test.each([
    ['it is the first of several', 'llama'],
    ['it is a later one, which has no architecture,', ''],
  ])('%s, with the command that joins them', async (_, architecture) => {
    const fields = { 'split.no': 0, 'split.count': 3 };
    const refused = configOf(
      described(architecture, {}, { fields: { 'general.architecture': architecture, ...fields } }),
    );
    await expect(refused).rejects.toMatchObject({
      code: 'unsupported_model',
      message: expect.stringContaining('expected the whole model in one file, got one of 3'),
      hint: 'The model is split into 3 files: join them by llama-gguf-split --merge, or take a quantisation in one file.',
    });
  });

  test('its model is a mixture of experts', async () => {
    await expect(configOf(described('llama', { expert_count: 8 }))).rejects.toMatchObject({
      code: 'unsupported_model',
      message: expect.stringContaining('got a mixture of 8'),
    });
  });

  test('but not if it says that it is neither', async () => {
    const fields = { 'split.count': 1 };
    expect(await configOf(described('llama', { expert_count: 0 }, { fields }))).toMatchObject({ model_type: 'llama' });
  });
});

test.each([
  [[], { attention_bias: false, mlp_bias: false }],
  [['attn_q', 'attn_k', 'attn_v', 'attn_output'], { attention_bias: true, mlp_bias: false }],
  [['ffn_gate', 'ffn_up', 'ffn_down'], { attention_bias: false, mlp_bias: true }],
])('a Llama with biases of %j has these biases', async (modules, biases) => {
  const tensors = modules.map((module) => ({ name: `blk.0.${module}.bias`, shape: [32] }));
  expect(parseLlamaConfig(await configOf(described('llama', {}, { tensors })))).toMatchObject(biases);
});

test('a file without biases in the MLP has the fields of config.json that it had before they were read', async () => {
  expect(await configOf(described('llama', {}))).not.toHaveProperty('mlp_bias');
});

describe('fields that a file lacks', () => {
  test('of a Gemma 2 is as llama.cpp has it', async () => {
    expect(await parsed('gemma2', { 'attention.key_length': 16, block_count: 3 })).toMatchObject({
      scale: 16 ** -0.5,
      scoreSoftcap: 50,
      logitSoftcap: 30,
      sliding: { window: 4096, layers: [true, false, true] },
      rope: { type: 'default', theta: 10000 },
    });
  });

  test('of a Gemma 3 is as llama.cpp has it', async () => {
    const config = { 'attention.sliding_window': 512, 'rope.freq_base': 1e6, block_count: 7 };
    expect(await parsed('gemma3', config)).toMatchObject({
      sliding: { window: 512, layers: [true, true, true, true, true, false, true] },
      rope: { type: 'default', theta: 1e6 },
      slidingRope: { type: 'default', theta: 10000 },
    });
    expect(await parsed('gemma3', config)).not.toHaveProperty('logitSoftcap');
    expect(await parsed('gemma3', { ...config, 'attention.sliding_window': 0 })).not.toHaveProperty('sliding');
  });

  test.each([
    ['gemma2', 46],
    ['gemma3', 62],
  ])('of the largest %s is the share of a head in the width', async (architecture, block_count) => {
    expect(await parsed(architecture, { block_count, 'attention.key_length': 16 })).toMatchObject({ scale: 8 ** -0.5 });
  });
});

describe('fields of the wrong kind are invalid_format', () => {
  test.each([
    ['llama', { block_count: '2' }],
    ['llama', { 'attention.head_count_kv': [1, 1] }],
    ['llama', { 'rope.freq_base': Number.NaN }],
    ['llama', { 'rope.scaling.type': 3 }],
    ['llama', { 'attention.sliding_window': 'wide' }],
    ['gemma2', { 'attention.sliding_window_pattern': [true] }],
    ['gemma2', { 'attention.sliding_window_pattern': [1, 0] }],
    ['gemma3', { 'attention.sliding_window_pattern': 1.5 }],
    ['gemma2', { attn_logit_softcapping: true }],
    ['phi3', { 'attention.sliding_window': false }],
    ['gpt2', { 'attention.layer_norm_epsilon': 'small' }],
    ['falcon', { 'attention.head_count_kv': 'one' }],
  ])('%s with %j', async (architecture, fields) => {
    await expect(configOf(described(architecture, fields))).rejects.toMatchObject({ code: 'invalid_format' });
  });

  test('a number of layers that no model has makes no list', async () => {
    const config = await configOf(described('gemma2', { block_count: 2 ** 50 }));
    expect(config).not.toHaveProperty('layer_types');
    expect(() => parseGemma2Config(config)).toThrow('num_hidden_layers');
  });
});
