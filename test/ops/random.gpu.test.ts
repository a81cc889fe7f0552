import { expect, test } from 'vitest';
import gumbelWgsl from '../../shaders/lib/math/gumbel.wgsl?raw';
import philoxWgsl from '../../shaders/lib/math/philox.wgsl?raw';
import { defineKernel } from '../../src/core/kernels/kernel';
import { type Philox4, philox4x32 } from '../../src/core/numbers/philox';
import { Graph } from '../../src/graph/graph';
import { input, runOnGpu } from '../helpers/gpu/on_gpu';
import { random } from '../helpers/maths/random';
import { gumbelOf } from '../reference/noise';
import { floatOf } from '../reference/rows/words';
import type { Memory } from '../reference/runner';

/** Defines a kernel whose thread i evaluates `expression` for four words of `words` and two words of `keys`. */
function wordKernel(name: string, expression: string) {
  const wgsl = `
    struct Params { size: u32 }
    @group(0) @binding(0) var<uniform> p: Params;
    @group(0) @binding(1) var<storage, read> words: array<vec4u>;
    @group(0) @binding(2) var<storage, read> keys: array<vec2u>;
    @group(0) @binding(3) var<storage, read_write> results: array<vec4u>;
    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3u) {
      if (id.x < p.size) {
        results[id.x] = ${expression};
      }
    }`;
  return defineKernel({
    name,
    bindings: { words: 'read', keys: 'read', results: 'update' },
    params: { size: 'u32' },
    variants: [{ wgsl: [wgsl, philoxWgsl, gumbelWgsl], workgroups: ({ size }) => [Math.ceil(size / 64)] }],
  });
}

async function runWords(kernel: ReturnType<typeof wordKernel>, words: number[], keys: number[]): Promise<Float64Array> {
  const memory: Memory = new Map();
  const values = (name: string, of: number[]) => input(memory, name, [of.length], Float64Array.from(of), 'u32');
  const results = values('results', Array<number>(words.length).fill(0));
  const g = new Graph();
  g.emit(
    kernel,
    { words: values('words', words), keys: values('keys', keys), results },
    {},
    { size: words.length / 4 },
  );
  return (await runOnGpu(g.steps, memory, [results])).get(results)!;
}

test('Philox gives the words of the CPU', async () => {
  const next = random(3);
  const word = () => Math.floor(next() * 2 ** 32);
  const words = [0, 0, 0, 0, ...Array<number>(4).fill(0xffffffff), ...Array.from({ length: 400 }, word)];
  const keys = [0, 0, 0xffffffff, 0xffffffff, ...Array.from({ length: 200 }, word)];
  const actual = await runWords(wordKernel('philox', 'philox4x32(words[id.x], keys[id.x])'), words, keys);
  const expected = Array.from({ length: words.length / 4 }, (_, i) =>
    philox4x32(words.slice(4 * i, 4 * i + 4) as unknown as Philox4, [keys[2 * i]!, keys[2 * i + 1]!]),
  );
  expect([...actual]).toEqual(expected.flat());
});

test('Gumbel noise is finite and exact to a few units of its last digits at both ends', async () => {
  const next = random(4);
  const ends = [0, 1 << 9, 2 << 9, 0xffffffff, 0xfffffdff, 0x0fffffff, 0x10000000, 0x10000200];
  const words = [...ends, ...Array.from({ length: 4000 }, () => Math.floor(next() * 2 ** 32))];
  const quads = words.flatMap((word) => [word, 0, 0, 0]);
  const kernel = wordKernel('gumbel', 'vec4u(bitcast<u32>(gumbel(words[id.x].x)), 0u, 0u, 0u)');
  const actual = await runWords(kernel, quads, Array<number>(words.length * 2).fill(0));
  words.forEach((word, i) => {
    const expected = gumbelOf(word);
    // WGSL's log has an error of 2⁻²¹ near 1 and of 3 ULP elsewhere; here it is applied twice.
    expect(Math.abs(floatOf(actual[4 * i]!) - expected), `word ${word}`).toBeLessThan(1e-5);
  });
});
