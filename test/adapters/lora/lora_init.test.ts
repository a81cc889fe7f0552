import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LoraConfig } from '../../../src/adapters/lora/config/lora_config';
import { initialMatrices } from '../../../src/adapters/lora/lora_init';
import { layoutMatrices, matrixName, type RankedModule } from '../../../src/adapters/lora/lora_layout';
import { goldenCase, goldenTensors } from '../../helpers/golden/golden';
import { allGoldenCases } from '../../helpers/golden/golden_index';

const module = (in_features: number, out_features: number, r: number): RankedModule => ({
  in_features,
  out_features,
  r,
  scale: 1,
  hasBias: true,
});

const names = allGoldenCases().flatMap(({ name, kind }) => (kind === 'LORA' ? [name] : []));

describe.each(names)('%s', (name) => {
  test('begins with the numbers that torch draws after manual_seed(7), to the bit', () => {
    const { peft_config, wrapped_modules, trainable } = goldenCase(name);
    const config = new LoraConfig(peft_config as object);
    const ranked = wrapped_modules.map(({ name: of, in_features, out_features }): [string, RankedModule] => {
      const [r = 0] = trainable[matrixName(of, 'A.weight')] ?? [];
      return [of, module(in_features, out_features, r)];
    });
    const layout = layoutMatrices(new Map(ranked), config);
    const pool = initialMatrices(layout, config, 7);
    const tensors = goldenTensors(name);
    for (const [parameter, { shape, offset }] of layout.parameters) {
      const length = shape.reduce((product, size) => product * size, 1);
      // The device computes the norms of rows from the model's weights, so they are still 0 here.
      const drawn = parameter.endsWith('.lora_magnitude_vector') ? undefined : tensors.get(`init.state.${parameter}`);
      const expected = drawn ?? new Float32Array(length);
      expect(pool.slice(offset, offset + length), parameter).toEqual(expected);
    }
  });
});

describe("torch's own draws, which the oracle's table has", () => {
  interface Row {
    readonly init: true | false | 'gaussian';
    readonly seed: number;
    readonly r: number;
    readonly in: number;
    readonly A_bits: readonly string[];
  }
  const { rows } = JSON.parse(readFileSync('test/golden/lora_init.json', 'utf8')) as { readonly rows: readonly Row[] };

  test.each(rows)('init_lora_weights $init, seed $seed, r $r, $in inputs: two modules in turn', (row) => {
    const modules = ['one', 'two'].map((name): [string, RankedModule] => [name, module(row.in, 3, row.r)]);
    const layout = layoutMatrices(new Map(modules), { lora_bias: false, use_dora: false });
    const pool = initialMatrices(layout, { init_lora_weights: row.init }, row.seed);
    const numbers = ['one', 'two'].flatMap((name) => {
      const { offset } = layout.parameters.get(matrixName(name, 'A.weight'))!;
      return [...pool.subarray(offset, offset + row.r * row.in)];
    });
    const bits = [...new Uint32Array(Float32Array.from(numbers).buffer)].map((word) => word.toString(16));
    expect(bits).toEqual(row.A_bits);
  });
});
