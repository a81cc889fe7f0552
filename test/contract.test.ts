import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { AnyKernel, ParamType } from '../src/core/kernels/kernel';
import { contractProblems, headerProblems } from './helpers/gpu/contract';
import { allKernels, allVariants, shaderFiles } from './helpers/gpu/kernels';
import { references } from './reference';

const kernels = allKernels();
const files = shaderFiles();
const libs = files.filter(({ isLib }) => isLib);
const variants = kernels.flatMap((kernel) => kernel.variants);

test('kernels and shaders are found', () => {
  expect(kernels.length).toBeGreaterThan(15);
  expect(files.length).toBeGreaterThan(15);
});

test.each(allVariants())('$name: the record is what the shader declares', ({ kernel, variant }) => {
  expect(contractProblems(kernel, variant)).toEqual([]);
});

test('shaders are joined whole files, without any text of a model or a page', () => {
  const whole = new Set(files.map(({ text }) => text));
  for (const { kernel, variant } of allVariants()) {
    const where = `${kernel.name}, ${variant.name}`;
    for (const text of variant.files) expect(whole.has(text), where).toBe(true);
    expect(variant.wgsl, where).toBe(variant.files.join('\n'));
  }
});

test('every kernel has a float64 reference, and every reference a kernel', () => {
  const names = [...new Set(kernels.map(({ name }) => name))];
  expect(Object.keys(references).toSorted()).toEqual(names.toSorted());
});

test("a record has its kernel file's name, and a variant with a file of its own adds that file's name", () => {
  const own = new Map(files.filter(({ isLib }) => !isLib).map(({ text, name }) => [text, name]));
  for (const { name, variants } of kernels) {
    for (const variant of variants) {
      const [file, another] = variant.files.flatMap((text) => own.get(text) ?? []);
      expect([name, `${name}_${variant.name}`], `${name}/${variant.name}`).toContain(file);
      expect(another, `${name}/${variant.name}`).toBeUndefined();
    }
  }
});

test('each variant of a kernel has a label of its own', () => {
  for (const { name, variants } of kernels) {
    const labels = variants.map(({ label }) => label);
    expect(new Set(labels).size, `${name}: ${labels.join(', ')}`).toBe(labels.length);
  }
});

test('kernels of one name agree on bindings and params', () => {
  for (const kernel of kernels) {
    const first = kernels.find(({ name }) => name === kernel.name);
    expect(Object.entries(kernel.bindings)).toEqual(Object.entries(first?.bindings ?? {}));
    expect(Object.entries(kernel.params)).toEqual(Object.entries(first?.params ?? {}));
  }
});

test('a param of one name is the same in every record', () => {
  const types = new Map<string, ParamType>();
  for (const { name, params } of kernels) {
    for (const [param, type] of Object.entries(params)) {
      expect(`${param}: ${type}`, name).toBe(`${param}: ${types.get(param) ?? type}`);
      types.set(param, type);
    }
  }
});

test('every file below shaders/ is part of a kernel, and begins with a comment', () => {
  const used = new Set(variants.flatMap((variant) => variant.files));
  const unused = files.filter(({ text }) => !used.has(text));
  expect(unused.map(({ name }) => name)).toEqual([]);
  for (const { name, text } of files) expect(text.startsWith('// '), name).toBe(true);
});

test.each(files.filter(({ isLib }) => !isLib))('$name: the file has the usual header', (file) => {
  const using = variants.filter((variant) => variant.files.includes(file.text));
  expect(headerProblems(file, libs, using)).toEqual([]);
});

test('shaders/products/README.md lists every function that files of a product call in each other', () => {
  const page = readFileSync('shaders/products/README.md', 'utf8');
  const parts = files.filter(({ path }) => path.startsWith('products/lib/'));
  const owned = (text: string) => [...text.matchAll(/^fn (\w+)/gm)].map(([, name = '']) => name);
  const shared = parts.flatMap(({ text }) =>
    owned(text).filter((name) => parts.some((other) => !owned(other.text).includes(name) && calls(other.text, name))),
  );
  expect([...new Set(shared)].filter((name) => !page.includes(`\`${name}`))).toEqual([]);

  function calls(text: string, name: string): boolean {
    return new RegExp(`^[^/]*\\b${name}\\(`, 'm').test(text);
  }
});

describe('the checks can fail', () => {
  const wgsl = `
    override TILE: u32 = 4;
    override OTHER: u32;
    struct Params { N: u32, eps: f32, /* C: u32 */ }
    @group(0) @binding(0) var<uniform> p: Params; // eps: unused
    @group(0) @binding(1) var<storage, read> x: array<f32>;
    @group(0) @binding(2) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(64) fn main() {}`;
  const splitting = wgsl
    .replace('eps: f32,', 'eps: f32, first_x: u32, first_y: u32')
    .replace('main() {', 'main(@builtin(workgroup_id) id: vec3u) { let group = id + vec3u(p.first_x, p.first_y, 0u);');
  const kernel = (changes: Partial<AnyKernel>, text = wgsl, overrides: Record<string, number> = { OTHER: 1 }) => {
    const variant = {
      name: 'default',
      label: 'default',
      files: [text],
      wgsl: text,
      overrides,
      features: [],
      splits: changes.splits ?? false,
      registers: 0,
      workgroups: () => [1] as const,
      fits: () => true,
      turns: () => 0,
    };
    const params = { N: 'size', eps: 'f32' } as const;
    const base = { name: 'k', params, splits: false, flops: () => 0, variants: [variant] };
    return contractProblems({ ...base, bindings: { x: 'read', y: 'write' }, ...changes }, variant);
  };

  test('a record that fits', () => {
    expect(kernel({})).toEqual([]);
    expect(kernel({ bindings: { x: 'read', y: 'update' } })).toEqual([]);
    expect(kernel({ splits: true }, splitting)).toEqual([]);
  });

  test.each<[string, string[]]>([
    ['names', kernel({ bindings: { x: 'read', z: 'write' } })],
    ['order of bindings', kernel({ bindings: { y: 'write', x: 'read' } })],
    ['access', kernel({ bindings: { x: 'update', y: 'write' } })],
    ['a missing binding', kernel({ bindings: { x: 'read' } })],
    ['a swapped binding number', kernel({}, wgsl.replace('binding(2)', 'binding(3)'))],
    ['order of params', kernel({ params: { eps: 'f32', N: 'size' } })],
    ['type of params', kernel({ params: { N: 'size', eps: 'u32' } })],
    [
      'a shader that splits alone',
      kernel({ params: { N: 'size', eps: 'f32', first_x: 'u32', first_y: 'u32' } }, splitting),
    ],
    ['pieces whose columns are left out', kernel({ splits: true }, splitting.replace('p.first_y', '0u'))],
    ['pieces that count workgroups', kernel({ splits: true }, `${splitting}\nfn all(num_workgroups: vec3u) {}`)],
    ['an override that the shader lacks', kernel({}, wgsl, { OTHER: 1, ELSE: 2 })],
    ['an override without a value', kernel({}, wgsl, {})],
    ['another entry point', kernel({}, wgsl.replace('main', 'entry'))],
    ['an extension', kernel({}, `enable f16;${wgsl}`)],
    ['a function of an extension', kernel({}, wgsl.replace('main() {', 'main() { let a = quadBroadcast(1.0, 0u);'))],
  ])('%s', (_what, problems) => {
    expect(problems).toHaveLength(1);
  });

  test('headers', () => {
    const lib = { name: 'lib/a', text: '// a\nfn a() {}\n' };
    const other = { name: 'lib/b', text: '// b\nfn b() {}\n' };
    const file = (text: string) => ({ name: 'k', text });
    const good = '// k: y = x\n// grid: one\n// with lib/a.wgsl\nstruct Params {}\n';
    const problems = (text: string, used = [lib]) =>
      headerProblems(file(text), [lib, other], [{ files: [text, ...used.map((l) => l.text)] }]);
    expect(problems(good)).toEqual([]);
    expect(problems(good.replace('k:', 'other:'))).toHaveLength(1);
    expect(problems(good.replace('grid', 'threads'))).toHaveLength(1);
    expect(problems(good, [])).toHaveLength(1);
    expect(problems(good, [lib, other])).toHaveLength(1);
    expect(problems(good.replace('a.wgsl', '{a, b}.wgsl'), [lib, other])).toEqual([]);
  });
});
