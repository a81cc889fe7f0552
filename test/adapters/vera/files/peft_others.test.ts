import { expect, test } from 'vitest';
import type { ExpectedOther } from '../../../../src/adapters/files/adapter_tensors';
import { f32, malformed, Q, read, small } from './small_adapter';

/* Biases and whole modules in an adapter's file. */

const bias = 'base_model.model.h.q.base_layer.bias';
const norm = 'base_model.model.norm.';
const others = new Map<string, ExpectedOther>([
  [bias, { shape: [3], kind: 'bias' }],
  [`${norm}weight`, { shape: [2], kind: 'module' }],
  [`${norm}bias`, { shape: [2], kind: 'module' }],
]);
const complete = () =>
  small()
    .set(bias, f32([3]))
    .set(`${norm}weight`, f32([2]))
    .set(
      `${norm}bias`,
      f32([2], (i) => 5 + i),
    );

test('reads biases and whole modules, halves as float32', () => {
  const brains = new Uint16Array([0x3f80, 0xc000]);
  const tensors = complete().set(`${norm}weight`, {
    dtype: 'BF16',
    shape: [2],
    bytes: new Uint8Array(brains.buffer),
  });
  const result = read(tensors, { others });
  expect(result.warnings).toEqual([]);
  expect([...result.others].map(([name, { dims, data }]) => [name, dims, [...data]])).toEqual([
    [bias, [3], [0, 1 / 8, 2 / 8]],
    [`${norm}weight`, [2], [1, -2]],
    [`${norm}bias`, [2], [5, 6]],
  ]);
});

test("refuses a file without a whole module's tensor, as PEFT does before all else", () => {
  const tensors = complete();
  tensors.delete(`${norm}bias`);
  tensors.delete(`${Q}b`);
  tensors.delete('base_model.vera_A');
  expect(() => read(tensors, { others })).toThrow(malformed("'base_model.model.norm.bias'"));
});

test('takes a file without biases, with a warning', () => {
  const tensors = complete();
  tensors.delete(bias);
  const result = read(tensors, { others });
  expect([...result.others.keys()]).toEqual([`${norm}weight`, `${norm}bias`]);
  expect(result.warnings).toEqual([`Found missing adapter keys while loading the checkpoint: ['${bias}'].`]);
});

test('lists wrong shapes with those of vectors', () => {
  const tensors = complete()
    .set(`${Q}d`, f32([5]))
    .set(bias, f32([4]))
    .set(`${norm}weight`, f32([2, 1]));
  const mismatch = (parameter: string, got: string, wanted: string) =>
    `\n\tsize mismatch for ${parameter}: copying a param with shape torch.Size([${got}]) from checkpoint, ` +
    `the shape in current model is torch.Size([${wanted}]).`;
  expect(() => read(tensors, { others })).toThrow(
    malformed(
      `Error(s) in loading state_dict for PeftModel:${mismatch(`${Q}d.default`, '5', '2')}` +
        mismatch(bias, '4', '3') +
        mismatch(`${norm}modules_to_save.default.weight`, '2, 1', '2'),
    ),
  );
});

test("leaves PEFT's copies of the biases of whole modules", () => {
  const tensors = complete()
    .set(
      `${norm}modules_to_save.bias`,
      f32([2], () => 9),
    )
    .set(
      `${norm}original_module.bias`,
      f32([2], () => 9),
    );
  expect(read(tensors, { others })).toEqual(read(complete(), { others }));
  tensors.set('base_model.model.other.modules_to_save.bias', f32([2]));
  expect(read(tensors, { others }).warnings).toEqual([expect.stringContaining('other.modules_to_save.bias')]);
});

test("leaves a wrapped head's frozen weight, with a warning", () => {
  const weight = 'base_model.model.h.q.base_layer.weight';
  const { warnings, ...result } = read(complete().set(weight, f32([3, 4])), { others });
  expect({ ...result, warnings: [] }).toEqual(read(complete(), { others }));
  expect(warnings).toEqual([expect.stringContaining(weight)]);
});

test('ignores unexpected tensors, with a warning, and reads optional ones', () => {
  const tensors = small().set(bias, f32([3]));
  const { warnings, ...result } = read(tensors);
  expect({ ...result, warnings: [] }).toEqual(read(small()));
  expect(warnings).toEqual([
    `adapter_model.safetensors: left out what is no part of this adapter, 1 of ${tensors.size} tensors: ${bias}`,
  ]);
  for (let index = 0; index < 5; index++) tensors.set(`extra${index}`, f32([1]));
  expect(read(tensors).warnings).toEqual([expect.stringMatching(/, 6 of \d+ tensors: .*, extra2, …$/)]);
  const one = new Map([[bias, { shape: [3], kind: 'bias' as const }]]);
  expect(read(tensors, { others: one }).others.get(bias)).toEqual({
    dims: [3],
    data: new Float32Array([0, 1 / 8, 2 / 8]),
  });
  expect(read(small(), { others: one }).others.size).toBe(0);
  expect(() => read(small().set(bias, f32([4])), { others: one })).toThrow(/size mismatch for .*base_layer\.bias/);
});

test.each([
  [Number.NaN, 'bias'],
  [Number.NEGATIVE_INFINITY, 'module'],
] as const)('refuses a value of %d in a %s', (value, kind) => {
  const one = new Map([[bias, { shape: [3], kind }]]);
  const withValue = (other: number) =>
    small().set(
      bias,
      f32([3], (i) => (i === 1 ? other : 0)),
    );
  expect(() => read(withValue(value), { others: one })).toThrow(
    malformed(`adapter_model.safetensors: ${bias}: expected finite values, got ${value}`),
  );
  // The base model's own values may be large.
  expect(read(withValue(123456), { others: one }).others.get(bias)?.data[1]).toBe(123456);
});

test("leaves the base model's weights out with a warning, which PEFT loads, and refuses other shapes", () => {
  const embedding = 'base_model.model.embed.weight';
  const base = new Map([[embedding, [5, 2]]]);
  const { warnings, others: kept } = read(small().set(embedding, f32([5, 2])), { base });
  expect(kept.size).toBe(0);
  expect(warnings).toEqual([expect.stringMatching(/^adapter_model\.safetensors: left out weights of the base model/)]);
  expect(() => read(small().set(embedding, f32([6, 2])), { base })).toThrow(
    `size mismatch for ${embedding}: copying a param with shape torch.Size([6, 2])`,
  );
});

test('a hint tells a resized base model from an adapter of other sizes', () => {
  const embedding = 'base_model.model.embed.weight';
  const base = new Map([[embedding, [5, 2]]]);
  const saved = new Map<string, ExpectedOther>([[embedding, { shape: [5, 2], kind: 'module' }]]);
  const hintOf = (hint: string) => expect.objectContaining({ hint: expect.stringContaining(hint) });
  const resized = hintOf('as after its vocabulary was resized: load a base with the sizes in the file');
  expect(() => read(small().set(embedding, f32([6, 2])), { base })).toThrow(resized);
  expect(() => read(small().set(embedding, f32([6, 2])), { base, others: saved })).toThrow(resized);
  const other = small()
    .set(embedding, f32([6, 2]))
    .set(`${Q}d`, f32([5]));
  expect(() => read(other, { base })).toThrow(hintOf('is r in adapter_config.json the one it was trained with'));
});

test.each(['classifier', 'classifier.out_proj', 'score'])('a hint tells of other labels in %s', (module) => {
  const [weight, bias] = ['weight', 'bias'].map((name) => `base_model.model.${module}.${name}`) as [string, string];
  const head = new Map<string, ExpectedOther>([
    [weight, { shape: [3, 4], kind: 'module' }],
    [bias, { shape: [3], kind: 'module' }],
  ]);
  const saved = (labels: number, features = 4) =>
    small()
      .set(weight, f32([labels, features]))
      .set(bias, f32([labels]));
  const hintOf = (hint: string) => expect.objectContaining({ hint: expect.stringContaining(hint) });
  expect(() => read(saved(6), { others: head })).toThrow(
    hintOf(
      "Load the base model with num_labels: 6, as the adapter's head was trained, and with ignore_mismatched_sizes: true",
    ),
  );
  for (const other of [saved(6, 5), saved(6).set(bias, f32([]))])
    expect(() => read(other, { others: head })).toThrow(hintOf('load a base with the sizes in the file'));
  expect(() => read(saved(6).set(`${Q}d`, f32([5])), { others: head })).toThrow(hintOf('is r in adapter_config.json'));
});
