import { NagaError, nagaVersion, parseWgsl, validate, writeHlsl, writeMsl, writeSpirv } from 'naga-wasm';
import { expect, test } from 'vitest';
import { variantsOfRing } from './helpers/gpu/kernels';

/*
 * Tests shaders with naga, Firefox's compiler, and its writers for Vulkan, Metal and Direct3D. naga can't write
 * pipeline-overridable constants. Browsers replace them first, so here they become ordinary constants.
 */

function withConstants(wgsl: string, overrides: Readonly<Record<string, number>>): string {
  return wgsl.replace(/\boverride\s+(\w+)\s*:\s*(\w+)\s*(?:=\s*([^;]+))?;/g, (_, name, type, initial) => {
    const given = overrides[name];
    const value = given === undefined ? initial : type === 'bool' ? String(given !== 0) : String(given);
    return `const ${name}: ${type} = ${value};`;
  });
}

/** Translates a shader with naga's three writers, and returns the sizes of their outputs. Throws naga's report if one fails. */
function translate(wgsl: string): { readonly spirv: number; readonly msl: number; readonly hlsl: number } {
  try {
    using module = parseWgsl(wgsl);
    using info = validate(module);
    return {
      spirv: writeSpirv(module, info).length,
      msl: writeMsl(module, info).length,
      hlsl: writeHlsl(module, info).length,
    };
  } catch (error) {
    throw error instanceof NagaError ? new Error(error.formatted) : error;
  }
}

/** Variants without subgroups. naga-wasm can't parse subgroups; Firefox doesn't support them, so it never chooses such variants. */
const portable = variantsOfRing().filter(({ variant }) => !variant.features.includes('subgroups'));

test.each(portable)('naga takes $name', ({ variant }) => {
  const { spirv, msl, hlsl } = translate(withConstants(variant.wgsl, variant.overrides));
  expect(Math.min(spirv, msl, hlsl)).toBeGreaterThan(0);
});

const valid = `
  override WIDTH: u32 = 4;
  override FLAG: bool;
  var<workgroup> shared_words: array<u32, WIDTH>;
  @group(0) @binding(0) var<storage, read_write> y: array<u32>;
  @compute @workgroup_size(WIDTH) fn main(@builtin(local_invocation_index) i: u32) {
    shared_words[i] = select(i, 7u, FLAG);
    workgroupBarrier();
    y[i] = shared_words[WIDTH - 1 - i];
  }`;

test('overrides become constants', () => {
  const text = withConstants(valid, { FLAG: 1, WIDTH: 8 });
  expect(text).toContain('const WIDTH: u32 = 8;');
  expect(text).toContain('const FLAG: bool = true;');
  translate(text);
});

test.each([
  ['a word of another language', valid.replace('select', 'choose')],
  ['a type that does not fit', valid.replace('7u', '7.0')],
  ['a pointer to workgroup memory as a parameter', `fn f(p: ptr<workgroup, u32>) -> u32 { return *p; }${valid}`],
  ['a write to what is only read', valid.replace('read_write', 'read')],
])('naga refuses %s', (_what, wgsl) => {
  expect(() => translate(withConstants(wgsl, { FLAG: 0 }))).toThrow(/error/i);
});

test('naga has the pinned version', () => {
  expect(nagaVersion).toMatch(/^30\./);
});
