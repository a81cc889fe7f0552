import { expect, test } from 'vitest';
import { adapterKey, type KernelChoice, readKernelChoice, sameAdapter } from '../../../src/core/kernels/kernel_choice';

const choice: KernelChoice = {
  version: '0123456789abcdef0123456789abcdef',
  adapter: {
    vendor: 'mesa',
    architecture: '',
    description: 'llvmpipe',
    features: ['subgroups'],
    limits: { maxBufferSize: 268435456, maxStorageBufferBindingSize: 134217728 },
  },
  variants: { linear: 'register', attention: 'workgroup' },
};

test('is unchanged after JSON, without unknown fields', () => {
  const json: unknown = JSON.parse(JSON.stringify({ ...choice, more: 1, adapter: { ...choice.adapter, more: 2 } }));
  expect(readKernelChoice(json)).toEqual(choice);
});

const edited = (change: object) => ({ ...choice, ...change });
const onAdapter = (change: object) => edited({ adapter: { ...choice.adapter, ...change } });
const many = Object.fromEntries(Array.from({ length: 257 }, (_, n) => [`kernel ${n}`, 'wide']));

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'a kernel choice'],
  ['null', null, 'a kernel choice'],
  ['a list', [], 'a kernel choice'],
  ['a text', 'tuned', 'a kernel choice'],
  ['no version', edited({ version: undefined }), 'version'],
  ['a number as version', edited({ version: 1 }), 'version'],
  ['a long version', edited({ version: 'x'.repeat(2000) }), 'version'],
  ['no adapter', edited({ adapter: undefined }), 'adapter'],
  ['no vendor', onAdapter({ vendor: undefined }), 'adapter.vendor'],
  ['a long description', onAdapter({ description: 'x'.repeat(2000) }), 'adapter.description'],
  ['features as a text', onAdapter({ features: 'subgroups' }), 'adapter.features'],
  ['numbers as features', onAdapter({ features: [1] }), 'adapter.features'],
  ['many features', onAdapter({ features: Array(300).fill('a') }), 'adapter.features'],
  ['limits as a list', onAdapter({ limits: [1] }), 'adapter.limits'],
  ['a text as limit', onAdapter({ limits: { a: '1' } }), 'adapter.limits: a'],
  ['an endless limit', onAdapter({ limits: { a: Number.POSITIVE_INFINITY } }), 'adapter.limits: a'],
  ['no variants', edited({ variants: undefined }), 'variants'],
  ['variants as a list', edited({ variants: ['wide'] }), 'variants'],
  ['a number as variant', edited({ variants: { linear: 3 } }), 'variants: linear'],
  ['many variants', edited({ variants: many }), 'variants'],
  ['a long name', edited({ variants: { ['x'.repeat(2000)]: 'wide' } }), 'a key of variants'],
])('%s is refused', (_, value, what) => {
  const refuse = () => readKernelChoice(value);
  expect(refuse).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  expect(refuse).toThrow(`as ${what}`);
});

test("names of a prototype don't count", () => {
  const inherited = Object.create(choice) as unknown;
  expect(() => readKernelChoice(inherited)).toThrow('as adapter');
  const { variants } = readKernelChoice(JSON.parse(JSON.stringify(choice).replace('"linear"', '"__proto__"')));
  expect(Object.keys(variants)).toEqual(['__proto__', 'attention']);
  expect(Object.getPrototypeOf(variants)).toBe(Object.prototype);
});

test('adapters are equal in any order of their features', () => {
  const { adapter } = choice;
  const turned = {
    ...adapter,
    features: ['a', 'subgroups'],
    limits: Object.fromEntries(Object.entries(adapter.limits).reverse()),
  };
  expect(sameAdapter({ ...adapter, features: ['subgroups', 'a'] }, turned)).toBe(true);
  const others = [
    { ...adapter, vendor: 'google' },
    { ...adapter, architecture: 'swiftshader' },
    { ...adapter, description: 'llvmpipe 2' },
    { ...adapter, features: [] },
    { ...adapter, limits: { ...adapter.limits, maxBufferSize: 1 } },
  ];
  for (const other of others) expect(sameAdapter(adapter, other)).toBe(false);
  expect(new Set([adapter, ...others].map(adapterKey)).size).toBe(6);
});
