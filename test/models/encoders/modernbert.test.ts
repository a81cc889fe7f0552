import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseJsonObject } from '../../../src/formats/json';
import { pinned } from '../../../src/graph/value';
import { parseModernBertConfig } from '../../../src/models/encoders/modernbert_config';
import { outlineOf } from '../../../src/models/outline';
import { createArchitecture, type TaskName } from '../../../src/tasks/task_registry';
import { WeightTensors } from '../../../src/worker/models/loading/weight_tensors';

/** The config.json of answerdotai/ModernBERT-base, which a development version of transformers 4 wrote. */
const published = {
  architectures: ['ModernBertForMaskedLM'],
  attention_bias: false,
  attention_dropout: 0,
  bos_token_id: 50281,
  classifier_activation: 'gelu',
  classifier_bias: false,
  classifier_dropout: 0,
  classifier_pooling: 'mean',
  cls_token_id: 50281,
  decoder_bias: true,
  deterministic_flash_attn: false,
  embedding_dropout: 0,
  eos_token_id: 50282,
  global_attn_every_n_layers: 3,
  global_rope_theta: 160000,
  gradient_checkpointing: false,
  hidden_activation: 'gelu',
  hidden_size: 768,
  initializer_cutoff_factor: 2,
  initializer_range: 0.02,
  intermediate_size: 1152,
  layer_norm_eps: 1e-5,
  local_attention: 128,
  local_rope_theta: 10000,
  max_position_embeddings: 8192,
  mlp_bias: false,
  mlp_dropout: 0,
  model_type: 'modernbert',
  norm_bias: false,
  norm_eps: 1e-5,
  num_attention_heads: 12,
  num_hidden_layers: 22,
  pad_token_id: 50283,
  position_embedding_type: 'absolute',
  sep_token_id: 50282,
  tie_word_embeddings: true,
  torch_dtype: 'float32',
  transformers_version: '4.47.0.dev0',
  vocab_size: 50368,
} as const;
const file = 'test/golden/base/modernbert/config.json';
const small = { model_type: 'modernbert', ...parseJsonObject(readFileSync(file), file) };
const architecture = (change: JsonObject = {}, task: TaskName = 'sequence_classification') =>
  createArchitecture({ ...small, ...change }, task);

test('the fields of versions 4 and 5 of transformers', () => {
  const config = parseModernBertConfig(published);
  expect(config).toEqual({
    vocab_size: 50368,
    hidden_size: 768,
    num_attention_heads: 12,
    head_dim: 64,
    intermediate_size: 1152,
    num_hidden_layers: 22,
    hidden_activation: 'gelu',
    norm_eps: 1e-5,
    norm_bias: false,
    attention_bias: false,
    mlp_bias: false,
    dropsAttention: false,
    classifier_pooling: 'mean',
    classifier_bias: false,
    classifier_activation: 'gelu',
    initializer_range: 0.02,
    max_position_embeddings: 8192,
    rope: { type: 'default', theta: 160000 },
    slidingRope: { type: 'default', theta: 10000 },
    sliding: { window: 65, layers: Array.from({ length: 22 }, (_, layer) => layer % 3 !== 0) },
    bos_token_id: 50281,
    eos_token_ids: [50282],
    pad_token_id: 50283,
    dtype: 'float32',
  });
  const {
    global_attn_every_n_layers: _n,
    global_rope_theta: _g,
    local_rope_theta: _l,
    torch_dtype,
    ...rest
  } = published;
  const rope = (rope_theta: number) => ({ rope_type: 'default', rope_theta });
  const layer_types = config.sliding?.layers.map((slides) => (slides ? 'sliding_attention' : 'full_attention'));
  const rope_parameters = { full_attention: rope(160000), sliding_attention: rope(10000) };
  expect(parseModernBertConfig({ ...rest, dtype: torch_dtype, layer_types, rope_parameters })).toEqual(config);
});

test("Hugging Face's defaults", () => {
  const { model_type, vocab_size, hidden_size, intermediate_size, num_hidden_layers, num_attention_heads } = published;
  const sizes = { vocab_size, hidden_size, intermediate_size, num_hidden_layers, num_attention_heads };
  const expected = { ...parseModernBertConfig(published), classifier_pooling: 'cls', dtype: null };
  expect(parseModernBertConfig({ model_type, ...sizes })).toEqual(expected);
});

test.each<[string, JsonObject, object]>([
  [
    'thetas of version 5 before those of version 4',
    { rope_parameters: { sliding_attention: { rope_theta: 7 } } },
    { slidingRope: { type: 'default', theta: 7 }, rope: { type: 'default', theta: 160000 } },
  ],
  [
    'null as the theta of layers with a window',
    { local_rope_theta: null },
    { slidingRope: { type: 'default', theta: 160000 } },
  ],
  ['an odd window', { local_attention: 7 }, { sliding: { window: 4 } }],
  ['a window by its half', { sliding_window: 5 }, { sliding: { window: 6 } }],
  ['a window of one token', { sliding_window: 0 }, { sliding: { window: 1 } }],
  ['a padding token that is null', { pad_token_id: null }, { pad_token_id: null }],
  ['dropout after attention', { attention_dropout: 0.1 }, { dropsAttention: true }],
])('%s', (_, change, expected) => {
  expect(parseModernBertConfig({ ...published, ...change })).toMatchObject(expected);
});

test('no window if all layers are full', () => {
  expect(parseModernBertConfig({ ...published, global_attn_every_n_layers: 1 }).sliding).toBeUndefined();
  expect(architecture({ layer_types: ['full_attention', 'full_attention'] }).constants.map(({ name }) => name)).toEqual(
    ['rope'],
  );
});

test('tokens attend in both directions, within the window of their layer', () => {
  const model = architecture();
  const values = (specs: readonly { readonly name: string; readonly shape: readonly number[] }[]) =>
    new Map(specs.map(({ name, shape }) => [name, pinned(name, shape)]));
  const { attention } = outlineOf({ model, weights: values(model.weights), constants: values(model.constants) });
  expect(attention.map(({ causal, window, H, D }) => ({ causal, window, H, D }))).toEqual([
    { causal: false, window: undefined, H: 4, D: 8 },
    { causal: false, window: 3, H: 4, D: 8 },
  ]);
  expect(attention.map(({ rotary }) => rotary?.table.name)).toEqual(['rope', 'sliding rope']);
});

test('modules without a result of their own', () => {
  const typeOf = (name: string, change = {}) => architecture(change).modules.find((each) => each.name === name)?.type;
  expect(typeOf('model.layers.0.attn_norm')).toBe('Identity');
  expect(typeOf('model.layers.1.attn_norm')).toBe('LayerNorm');
  expect(typeOf('model.layers.0.attn.out_drop')).toBe('Identity');
  expect(typeOf('model.layers.0.attn.out_drop', { attention_dropout: 0.1 })).toBe('Dropout');
});

test.each([
  ['norm_bias', /norm\.bias$/, 6],
  ['attention_bias', /attn\.\w+\.bias$/, 4],
  ['mlp_bias', /mlp\.\w+\.bias$/, 4],
  ['classifier_bias', /head\.dense\.bias$/, 1],
])('%s adds biases', (key, pattern, count) => {
  const biases = (change = {}) => architecture(change).weights.filter(({ name }) => pattern.test(name));
  expect([biases().length, biases({ [key]: true }).length]).toEqual([0, count]);
});

describe('the head', () => {
  test('reads what config.json says', () => {
    const { head, config } = architecture();
    expect(head).toMatchObject({ reads: 'pooled tokens', pooling: { modes: ['mean'], normalize: false } });
    // Only the classes that this library adds to those of transformers describe their pooling.
    expect(config).not.toHaveProperty('pooling');
    expect(architecture({ classifier_pooling: 'cls' }).head).toMatchObject({ reads: 'first token' });
    expect(architecture({}, 'token_classification').head).toMatchObject({
      className: 'ModernBertForTokenClassification',
      reads: 'every token',
    });
  });

  test('is drawn as in transformers where files lack it', () => {
    const { weights } = architecture({ norm_bias: true, classifier_bias: true }).head;
    expect(weights.map(({ name, initialStd, initialMean }) => [name, initialStd, initialMean])).toEqual([
      ['head.dense.weight', 0.25 / 2, undefined],
      ['head.dense.bias', 0, undefined],
      ['head.norm.weight', 0, 1],
      ['head.norm.bias', 0, undefined],
      ['classifier.weight', 32 ** -0.5, undefined],
      ['classifier.bias', 0, undefined],
    ]);
  });
});

describe('the weights', () => {
  const model = architecture();
  const tensors = new WeightTensors(model, {});
  const found = (names: readonly string[]) =>
    names.flatMap((name) => {
      const shape = model.weights.find((spec) => name.endsWith(spec.name) || spec.name.endsWith(name))?.shape;
      return tensors.weightOf({ name, dtype: 'F32', shape: shape ?? [96] })?.name ?? [];
    });

  test("of a language model include the head's first layer and its norm", () => {
    const own = model.weights.map(({ name }) => name).filter((name) => !name.startsWith('classifier.'));
    expect(found([...own, 'decoder.bias'])).toEqual(own);
    expect(tensors.newWeights(new Set(own)).map(({ name }) => name)).toEqual(['classifier.weight', 'classifier.bias']);
  });

  test('of a network without a head have short names', () => {
    expect(found(['embeddings.tok_embeddings.weight', 'layers.1.attn.Wqkv.weight', 'final_norm.weight'])).toEqual([
      'model.embeddings.tok_embeddings.weight',
      'model.layers.1.attn.Wqkv.weight',
      'model.final_norm.weight',
    ]);
  });
});

describe('refused', () => {
  test.each<[string, unknown]>([
    ['model_type', 'modernbert-decoder'],
    ['hidden_activation', 'mish'],
    ['classifier_activation', 'sigmoid'],
    ['classifier_pooling', 'max'],
    ['head_dim', 32],
    ['rope_scaling', { rope_type: 'linear', factor: 2 }],
    ['layer_types', Array(22).fill('chunked_attention')],
    ['quantization_config', {}],
    ['dtype', 'int8'],
  ])('as not supported: %s %j', (key, value) => {
    expect(() => parseModernBertConfig({ ...published, [key]: value })).toThrow(
      expect.objectContaining({ code: 'unsupported_model', message: expect.stringContaining(`config.json: ${key}: `) }),
    );
  });

  test('rotary positions of another type', () => {
    const rope_parameters = { full_attention: { rope_type: 'yarn', factor: 2 } };
    expect(() => parseModernBertConfig({ ...published, rope_parameters })).toThrow(
      expect.objectContaining({ code: 'unsupported_model', message: expect.stringContaining('rope_type: ') }),
    );
  });

  test.each<[string, unknown]>([
    ['hidden_size', 770],
    ['hidden_size', 12 * 63],
    ['hidden_size', 12 * 2 ** 13],
    ['hidden_size', undefined],
    ['vocab_size', 2 ** 40],
    ['num_hidden_layers', 0],
    ['num_attention_heads', 'twelve'],
    ['intermediate_size', 2 ** 40],
    ['max_position_embeddings', -1],
    ['norm_eps', 0],
    ['norm_bias', 1],
    ['mlp_bias', 'no'],
    ['local_attention', 0],
    ['local_attention', 1.5],
    ['sliding_window', -1],
    ['global_attn_every_n_layers', 0],
    ['global_rope_theta', 'large'],
    ['local_rope_theta', -1],
    ['rope_parameters', 10000],
    ['rope_parameters', { rope_theta: 10000 }],
    ['layer_types', ['full_attention']],
    ['layer_types', 'full_attention'],
    ['pad_token_id', 50368],
  ])('as broken: %s %j', (key, value) => {
    expect(() => parseModernBertConfig({ ...published, [key]: value })).toThrow(
      expect.objectContaining({ code: 'invalid_format', message: expect.stringContaining(`config.json: ${key}: `) }),
    );
  });
});
