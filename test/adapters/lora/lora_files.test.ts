import { describe, expect, test } from 'vitest';
import { TRAINED_ALONE } from '../../../src/adapters/files/adapter_tensors';
import { readAdapterModel } from '../../../src/adapters/files/read_adapter';
import { checkLoraFile } from '../../../src/adapters/lora/check_lora_file';
import { loraKind } from '../../../src/adapters/lora/kind';
import { writeSafetensors } from '../../../src/formats/tensors/safetensors';
import { f32 } from '../vera/files/small_adapter';

const stored = (shapes: Readonly<Record<string, readonly number[]>>) =>
  new Map(Object.entries(shapes).map(([name, shape]) => [name, { shape }]));

describe("the tensors of a LoRA's file", () => {
  test('are of a rank of the configuration, other tensors of any shape', () => {
    const own = {
      'q.lora_A.weight': [2, 7],
      'q.lora_B.weight': [5, 2],
      'q.lora_B.bias': [5],
      'q.lora_magnitude_vector': [5],
      'v.lora_A.weight': [3, 7],
    };
    const names = checkLoraFile({ r: 2, rank_pattern: { v: 3 } }, stored({ ...own, 'head.weight': [4] }));
    expect([...names]).toEqual(Object.keys(own));
  });

  test.each<readonly number[]>([[4, 7], [2], [7, 2], [2, 7, 1], []])('are refused as lora_A of [%s]', (...shape) => {
    expect(() => checkLoraFile({ r: 2, rank_pattern: {} }, stored({ 'q.lora_A.weight': shape }))).toThrow(
      expect.objectContaining({ code: 'invalid_format', message: expect.stringContaining('of rank 2, got') }),
    );
  });

  test('are refused as magnitudes if they are no vector', () => {
    expect(() => checkLoraFile({ r: 2, rank_pattern: {} }, stored({ 'q.lora_magnitude_vector': [7, 2] }))).toThrow(
      expect.objectContaining({ code: 'invalid_format' }),
    );
  });

  test('are refused with the first of many ranks', () => {
    const rank_pattern = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`q${at}`, at + 10]));
    expect(() => checkLoraFile({ r: 2, rank_pattern }, stored({ 'q.lora_A.weight': [4, 7] }))).toThrow(
      /rank 2 or 10 or 11 or 12 or 13 or 14 or 15 or 16 or …, got \[4,7\]$/,
    );
  });
});

test('a parameter’s name in torch contains the adapter’s name, which may have any characters', () => {
  expect(loraKind.parameterName('q.lora_A.weight', 'default')).toBe('q.lora_A.default.weight');
  expect(loraKind.parameterName('q.lora_B.bias', '$1$&')).toBe('q.lora_B.$1$&.bias');
  expect(loraKind.parameterName('q.lora_magnitude_vector', 'a')).toBe('q.lora_magnitude_vector.a.weight');
});

test.each(['', '.weight', '.default.weight'])('magnitudes are read by the name lora_magnitude_vector%s', (end) => {
  const shapes = { 'q.lora_A.weight': [2, 4], 'q.lora_B.weight': [3, 2], 'q.lora_magnitude_vector': [3] };
  const parameters = new Map(Object.entries(shapes));
  const { parameterName } = loraKind;
  const expected = { parameters, others: new Map(), base: new Map(), rules: TRAINED_ALONE, parameterName };
  const named = [...parameters].map(([name, shape]) => [name.replace(/vector$/, `vector${end}`), f32(shape)] as const);
  const warnings: unknown[] = [];
  const file = writeSafetensors(new Map(named));
  const read = readAdapterModel(file, expected, { warn: (warning) => warnings.push(warning) });
  expect([...read.parameters.get('q.lora_magnitude_vector')!.data]).toEqual([0, 1 / 8, 2 / 8]);
  expect(warnings).toEqual([]);
});
