import { describe, expect, test } from 'vitest';
import { parseLlamaConfig } from '../../../src/models/decoders/llama';
import { configOf, described, parsed } from './described_gguf';

describe('positions', () => {
  test('are scaled linearly, except in layers with a window', async () => {
    const scaled = { 'rope.scaling.type': 'linear', 'rope.scaling.factor': 8 };
    expect(await parsed('llama', scaled)).toMatchObject({ rope: { type: 'linear', theta: 10000, factor: 8 } });
    expect(await parsed('gemma3', { ...scaled, 'attention.sliding_window': 4 })).toMatchObject({
      rope: { type: 'linear', theta: 10000, factor: 8 },
      slidingRope: { type: 'default', theta: 10000 },
    });
  });

  test.each([
    [{ 'rope.scale_linear': 4 }, { type: 'linear', theta: 10000, factor: 4 }],
    [
      { 'rope.scaling.type': 'none', 'rope.scaling.factor': 4 },
      { type: 'default', theta: 10000 },
    ],
    [{ 'rope.scaling.factor': 1 }, { type: 'default', theta: 10000 }],
  ])('of %j are as llama.cpp has them', async (fields, rope) => {
    expect(await parsed('llama', fields)).toMatchObject({ rope });
  });

  test.each([
    { 'rope.scaling.type': 'yarn', 'rope.scaling.factor': 4, 'rope.scaling.original_context_length': 4096 },
    { 'rope.scaling.type': 'longrope' },
    { 'rope.scaling.attn_factor': 1.19 },
    { 'rope.dimension_count': 4 },
    { 'attention.key_length': 8, 'attention.value_length': 16 },
  ])('of %j are unsupported_model', async (fields) => {
    await expect(configOf(described('llama', fields))).rejects.toMatchObject({ code: 'unsupported_model' });
  });

  /** Computes the factors that divide RoPE's frequencies, with the formula of convert_hf_to_gguf.py. */
  function llama3Factors(theta: number, size: number, factor: number, original: number): number[] {
    return Array.from({ length: size / 2 }, (_, j) => {
      const turns = original / (2 * Math.PI * theta ** ((2 * j) / size));
      if (turns > 4) return 1;
      if (turns < 1) return factor;
      const smooth = (turns - 1) / 3;
      return 1 / ((1 - smooth) / factor + smooth);
    });
  }

  const withFactors = (factors: readonly number[], { before = 0, length = factors.length } = {}): Uint8Array => {
    const data = new Uint8Array(before + 4 * factors.length);
    data.set(new Uint8Array(Float32Array.from(factors).buffer), before);
    const tensors = [{ name: 'rope_freqs.weight', shape: [length], offset: before }];
    const fields = { 'rope.freq_base': 500000, 'attention.key_length': 128 };
    return described('llama', fields, { tensors, data });
  };

  test.each([
    [8, 8192],
    [32, 8192],
    [4, 16],
    [16, 100_000],
  ])('are scaled by %d as Llama 3’s of %d tokens', async (factor, original_max_position_embeddings) => {
    const factors = llama3Factors(500000, 128, factor, original_max_position_embeddings);
    const rope = { type: 'llama3', theta: 500000, factor, low_freq_factor: 1, high_freq_factor: 4 };
    // The factors are near the file's beginning, or so far from it that the file must be read a second time.
    for (const before of [0, 64, 2 ** 21]) {
      const config = await configOf(withFactors(factors, { before }), 100_000);
      expect(parseLlamaConfig(config)).toMatchObject({ rope: { ...rope, original_max_position_embeddings } });
    }
  });

  test('with factors of one aren’t scaled', async () => {
    const config = await configOf(withFactors(Array(64).fill(1)));
    expect(parseLlamaConfig(config)).toMatchObject({ rope: { type: 'default', theta: 500000 } });
  });

  test.each([
    [
      'that none of Llama 3’s are',
      llama3Factors(500000, 128, 8, 8192).map((it, j) => (j === 30 ? it * 1.01 : it)),
      'unsupported_model',
    ],
    ['below one', Array(64).fill(0.5), 'invalid_format'],
    ['that are no numbers', Array(64).fill(Number.NaN), 'invalid_format'],
    ['of another count', Array(63).fill(2), 'invalid_format'],
  ])('with factors %s are refused', async (_, factors, code) => {
    await expect(configOf(withFactors(factors))).rejects.toMatchObject({ code });
  });

  test('are scaled in one way', async () => {
    const tensors = [{ name: 'rope_freqs.weight', shape: [4] }];
    const data = new Uint8Array(Float32Array.of(1, 1, 1, 8).buffer);
    const both = described('llama', { 'rope.scaling.type': 'linear', 'rope.scaling.factor': 2 }, { tensors, data });
    await expect(configOf(both)).rejects.toThrow("scaled linearly or as Llama 3's, got both");
    const long = described('phi3', {}, { tensors: [{ name: 'rope_factors_long.weight', shape: [4] }] });
    await expect(configOf(long)).rejects.toThrow('got rope_factors_long.weight');
  });

  test('with missing factors are invalid_format', async () => {
    await expect(configOf(withFactors([1, 2], { length: 2 ** 40 }))).rejects.toMatchObject({ code: 'invalid_format' });
    await expect(configOf(withFactors([1, 2], { length: 64 }))).rejects.toMatchObject({ code: 'invalid_format' });
  });
});
