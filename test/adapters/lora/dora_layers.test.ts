import { describe, expect, test } from 'vitest';
import { LoraConfig, type LoraConfigInit } from '../../../src/adapters/lora/config/lora_config';
import { loraKind } from '../../../src/adapters/lora/kind';
import { loraLayers } from '../../../src/adapters/lora/layers/lora_layers';
import type { LoraAdapter } from '../../../src/adapters/lora/lora_adapter';
import { layoutMatrices } from '../../../src/adapters/lora/lora_layout';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value, viewOf } from '../../../src/graph/value';
import { plainLayers } from '../../../src/models/layers';
import { input } from '../../helpers/gpu/on_gpu';
import { blockWords } from '../../helpers/gpu/step_block';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

const [N, K, M, R] = [4, 8, 12, 3];
const SCALE = 0.75;
const MODULE = 'layer';

type Matrix = readonly (readonly number[])[];
const rows = (numbers: Float64Array, width: number): Matrix =>
  Array.from({ length: numbers.length / width }, (_, row) => [...numbers.subarray(row * width, (row + 1) * width)]);

/** Returns W·x for each row x. */
const times = (x: Matrix, W: Matrix): Matrix =>
  x.map((row) => W.map((weights) => weights.reduce((sum, w, k) => sum + w * row[k]!, 0)));

function scene() {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, K], randomArray(N * K, 1));
  const weight = input(memory, 'weight', [M, K], randomArray(M * K, 2));
  const bias = input(memory, 'bias', [M], randomArray(M, 3));
  const residual = input(memory, 'residual', [N, M], randomArray(N * M, 4));
  const block = input(memory, 'block', [8], blockWords({}), 'u32');
  const adapterOf = (seed: number, fields: LoraConfigInit): LoraAdapter => {
    const config = new LoraConfig(fields);
    const size = { in_features: K, out_features: M, r: R, scale: SCALE, hasBias: true };
    const modules = new Map([[MODULE, size]]);
    const layout = layoutMatrices(modules, config);
    const pool = pinned(`pool ${seed}`, [layout.length]);
    memory.set(pool, randomArray(layout.length, seed));
    const parts = { kind: loraKind, name: `${seed}`, key: `${seed}`, trainable: true, origin: undefined, pool };
    return loraKind.create({ ...parts, resolved: { config, modules, trained: [], layout }, frozen: undefined });
  };
  return { memory, x, weight, bias, residual, block, adapterOf };
}

type Scene = ReturnType<typeof scene>;

function numbersOf({ memory }: Scene, adapter: LoraAdapter) {
  const { A, B } = adapter.branchOf(MODULE)!;
  const pool = memory.get(adapter.pool)!;
  const at = ({ view, shape }: Value): Float64Array => {
    const offset = view?.offset ?? 0;
    return pool.subarray(offset, offset + shape.reduce((a, b) => a * b));
  };
  const magnitude = adapter.magnitudeOf(MODULE)?.pool;
  const [a, b] = [rows(at(A), K), rows(at(B), R)];
  const delta = b.map((row) =>
    Array.from({ length: K }, (_, k) => SCALE * row.reduce((sum, v, r) => sum + v * a[r]![k]!, 0)),
  );
  return { delta, magnitude: magnitude && at(magnitude) };
}

/**
 * Computes the result of PEFT's layer. In PEFT, DoRA's `base_result` is the result of the previous adapters without the bias. With dropout,
 * it is W times the adapter's input after dropout instead.
 */
function byHand(given: Scene, adapters: readonly LoraAdapter[], dropped: ReadonlyMap<LoraAdapter, Matrix>): Matrix {
  const { memory, x, weight, bias } = given;
  const [input, W, b] = [rows(memory.get(x)!, K), rows(memory.get(weight)!, K), [...memory.get(bias)!]];
  let result: Matrix = times(input, W).map((row) => row.map((value, o) => value + b[o]!));
  for (const adapter of adapters) {
    const { delta, magnitude } = numbersOf(given, adapter);
    const own = dropped.get(adapter) ?? input;
    const lora = times(own, delta);
    const base = dropped.has(adapter) ? times(own, W) : result.map((row) => row.map((value, o) => value - b[o]!));
    const norm = W.map((row, o) => Math.hypot(...row.map((w, k) => w + delta[o]![k]!)));
    result = result.map((row, n) =>
      row.map((value, o) => {
        if (magnitude === undefined) return value + lora[n]![o]!;
        const c = magnitude[o]! / norm[o]!;
        return value + (c - 1) * base[n]![o]! + c * lora[n]![o]!;
      }),
    );
  }
  const more = rows(memory.get(given.residual)!, M);
  return result.map((row, n) => row.map((value, o) => value + more[n]![o]!));
}

function run(
  given: Scene,
  adapters: readonly LoraAdapter[],
): { readonly y: Float64Array; readonly dropped: readonly Matrix[] } {
  const { memory, x, weight, bias, residual, block } = given;
  const g = new Graph();
  const base = plainLayers(g, { weight: () => weight, bias: () => bias, parameter: () => weight });
  const source = { seed: 5, block };
  const y = loraLayers(g, base, adapters, { mergedModules: new Set(), source }).linear(MODULE, x, { residual });
  runReference(g.steps, memory);
  const masks = g.steps.filter(({ kernel }) => kernel.name === 'dropout').map(({ values }) => memory.get(values.y!)!);
  return { y: memory.get(y)!, dropped: masks.map((mask) => rows(mask, K)) };
}

const DORA = { use_dora: true } as const;

describe('a layer with its adapters in turn is that of PEFT', () => {
  test.each<readonly [string, readonly LoraConfigInit[]]>([
    ['DoRA', [DORA]],
    ['two of DoRA', [DORA, DORA]],
    ['LoRA before DoRA', [{}, DORA]],
    ['LoRA after DoRA', [DORA, {}]],
    ['DoRA with dropout', [{ ...DORA, lora_dropout: 0.5 }]],
    ['DoRA with dropout between others', [{}, { ...DORA, lora_dropout: 0.5 }, DORA, { lora_dropout: 0.25 }]],
  ])('%s', (_, fields) => {
    const given = scene();
    const adapters = fields.map((one, index) => given.adapterOf(20 + index, one));
    const { y, dropped } = run(given, adapters);
    const dropping = adapters.filter(({ dropout }) => dropout > 0);
    expect(dropped).toHaveLength(dropping.length);
    const inputs = new Map(dropping.map((adapter, index) => [adapter, dropped[index]!]));
    byHand(given, adapters, inputs)
      .flat()
      .forEach((value, at) => {
        expect(y[at]).toBeCloseTo(value, 10);
      });
  });
});

test('a merged weight of DoRA has rows of the trained lengths', () => {
  const given = scene();
  const { memory, weight } = given;
  const adapter = given.adapterOf(20, DORA);
  const into = input(memory, 'into', [M, K], new Float64Array(M * K));
  const g = new Graph();
  adapter.merge(g, MODULE, weight, into);
  runReference(g.steps, memory);
  const { magnitude } = numbersOf(given, adapter);
  rows(memory.get(into)!, K).forEach((row, o) => {
    expect(Math.hypot(...row)).toBeCloseTo(Math.abs(magnitude![o]!), 10);
  });
});

test('without a weight, a merge gives scale · B·A alone', () => {
  const given = scene();
  const adapter = given.adapterOf(20, DORA);
  const into = input(given.memory, 'into', [M, K], new Float64Array(M * K));
  const g = new Graph();
  adapter.merge(g, MODULE, undefined, into);
  runReference(g.steps, given.memory);
  const { delta } = numbersOf(given, adapter);
  delta.flat().forEach((value, at) => {
    expect(given.memory.get(into)![at]).toBeCloseTo(value, 12);
  });
});

test('begins with the lengths that the rows have', () => {
  const given = scene();
  const { memory, weight } = given;
  const adapter = given.adapterOf(20, DORA);
  const g = new Graph();
  loraKind.begin!(g, adapter, () => weight);
  runReference(g.steps, memory);
  const { delta, magnitude } = numbersOf(given, adapter);
  rows(memory.get(weight)!, K).forEach((row, o) => {
    expect(magnitude![o]).toBeCloseTo(Math.hypot(...row.map((w, k) => w + delta[o]![k]!)), 10);
  });
});

test('its leaves are views of the pool, the magnitudes among them', () => {
  const given = scene();
  const adapter = given.adapterOf(20, DORA);
  const { pool } = adapter.magnitudeOf(MODULE)!;
  expect(adapter.leaves).toContain(pool);
  expect(viewOf(adapter.pool, pool.name, [M], pool.view!.offset).shape).toEqual(pool.shape);
  expect(given.adapterOf(21, {}).magnitudeOf(MODULE)).toBeUndefined();
});
