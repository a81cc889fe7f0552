import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChoiceProblem } from '../../../demo/src/library/choice_problem';
import { fromHalf, toHalf } from '../../../demo/src/write/share/half';
import { fromFragment, LONGEST_LINK, toFragment } from '../../../demo/src/write/share/link';
import { checkHeader, headerOf, type SharedVoice } from '../../../demo/src/write/share/shared_voice';
import { readTensors, writeTensors } from '../../../demo/src/write/share/tensors';
import { filesFrom, sharedFrom } from '../../../demo/src/write/share/voice_files';

const voice: SharedVoice = {
  name: 'a cat’s diary',
  base: 'prose-1.4M',
  opening: 'Day 6. I woke at',
  peft_type: 'VERA',
  config: { target_modules: ['q_proj'], r: 4, projection_prng_key: 0 },
  tensors: [
    { name: 'model.q_proj.vera_lambda_b', shape: [3], values: Float32Array.of(0, 0.5, -1.25) },
    { name: 'model.q_proj.vera_lambda_d', shape: [4], values: Float32Array.of(0.125, 1, 2, -65504) },
  ],
};
/** Voices (shared adapters) of other adapter kinds, with the same tensors. */
const others: readonly SharedVoice[] = [
  { ...voice, peft_type: 'UNILORA', config: { target_modules: ['q_proj'], r: 4, theta_d_length: 7, proj_seed: 42 } },
  {
    ...voice,
    peft_type: 'IA3',
    config: { target_modules: ['k_proj', 'down_proj'], feedforward_modules: ['down_proj'] },
  },
  { ...voice, peft_type: 'IA3', config: { target_modules: ['k_proj'], feedforward_modules: [] } },
];
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Makes a link with this header, which may be invalid, followed by float16 zeros. `numbers`: how many zeros. */
async function linkOf(header: unknown, numbers = 0): Promise<string> {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(4 + json.length + 2 * numbers);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 4);
  return `#voice=${base64url(await deflated(bytes))}`;
}

/** Expects that reading a link gives a valid voice (adapter) with finite values, nothing, or an error that a visitor can understand. */
async function expectBounded(fragment: string): Promise<void> {
  const outcome = await fromFragment(fragment).catch((error: unknown) => error);
  if (outcome instanceof ChoiceProblem || outcome === undefined) return;
  checkHeader(headerOf(outcome as SharedVoice));
  for (const { values } of (outcome as SharedVoice).tensors) expect(values.every(Number.isFinite)).toBe(true);
}

test('a voice passes through a link, to the nearest float16', async () => {
  for (const one of [voice, ...others]) expect(await fromFragment(await toFragment(one))).toEqual(one);
});

test('a link from before other kinds had links holds a voice of VeRA', async () => {
  const header = { name: 'a', base: 'b', opening: '', r: 4, target_modules: ['q_proj'], projection_prng_key: 3 };
  const read = await fromFragment(await linkOf({ ...header, shapes: [['a', 2]] }, 2));
  expect(read).toMatchObject({
    peft_type: 'VERA',
    config: { target_modules: ['q_proj'], r: 4, projection_prng_key: 3 },
  });
});

test('a fragment of another kind holds no voice', async () => {
  for (const fragment of ['', '#', '#try-card', '#Voice=abc']) expect(await fromFragment(fragment)).toBeUndefined();
});

test('a link that is cut anywhere is refused', async () => {
  const link = await toFragment(voice);
  for (let length = '#voice='.length; length < link.length - 1; length++)
    await expect(fromFragment(link.slice(0, length))).rejects.toThrow(ChoiceProblem);
});

test('a link of changed or random signs, bytes or headers is refused, or holds a voice within the bounds', async () => {
  const link = await toFragment(voice);
  const signs = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_%=é');
  const headers = [voice, ...others].map(headerOf);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 7, max: link.length - 1 }), signs, (at, sign) =>
      expectBounded(link.slice(0, at) + sign + link.slice(at + 1)),
    ),
    { numRuns: 200 },
  );
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: signs, maxLength: 200 }), (text) => expectBounded(`#voice=${text}`)),
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) =>
      expectBounded(`#voice=${base64url(await deflated(new Uint8Array(bytes)))}`),
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...headers), fc.nat(), fc.jsonValue(), async (header, at, value) => {
      const names = Object.keys(header);
      await expectBounded(await linkOf({ ...header, [names[at % names.length] ?? '']: value }, 7));
    }),
  );
});

test.each<[string, object, number]>([
  ['another length', {}, 6],
  ['an empty name', { name: ' ' }, 7],
  ['a name that is no text', { name: 7 }, 7],
  ['a long opening', { opening: 'x'.repeat(201) }, 7],
  ['a rank beyond the bounds', { r: 1e9 }, 7],
  ['a kind that no link holds', { peft_type: 'LORA' }, 7],
  ['a kind that every object has', { peft_type: 'toString' }, 7],
  ['a vector without a length', { peft_type: 'UNILORA', proj_seed: 42 }, 7],
  ['no layers', { target_modules: [] }, 7],
  ['a layer that is a pattern', { target_modules: ['(a+)+$'] }, 7],
  [
    'a tensor twice',
    {
      shapes: [
        ['a', 3],
        ['a', 4],
      ],
    },
    7,
  ],
  [
    'a tensor that is no tensor’s name',
    {
      shapes: [
        ['__metadata__', 3],
        ['b', 4],
      ],
    },
    7,
  ],
  ['a huge tensor', { shapes: [['a', 60_000, 60_000]] }, 7],
  [
    'too many numbers',
    {
      shapes: [
        ['a', 30_001],
        ['b', 30_000],
      ],
    },
    60_001,
  ],
])('a link with %s is refused', async (_, change, numbers) => {
  await expect(fromFragment(await linkOf({ ...headerOf(voice), ...change }, numbers))).rejects.toThrow(ChoiceProblem);
});

test('a link that unpacks to gigabytes is refused after some kilobytes', async () => {
  const bomb = `#voice=${base64url(await deflated(new Uint8Array(40_000_000)))}`;
  expect(bomb.length).toBeLessThan(LONGEST_LINK);
  await expect(fromFragment(bomb)).rejects.toThrow(ChoiceProblem);
  await expect(fromFragment(`#voice=${'A'.repeat(LONGEST_LINK + 1)}`)).rejects.toThrow(ChoiceProblem);
});

test('a link whose numbers are not finite is refused', async () => {
  const values = Float32Array.of(1, Number.NaN);
  const broken = { ...voice, tensors: [{ name: 'a', shape: [2], values }] };
  await expect(fromFragment(await toFragment(broken))).rejects.toThrow('its numbers');
});

test('a voice that is too large for a link is not put into one', async () => {
  const values = Float32Array.from({ length: 40_000 }, (_, index) => Math.sin(index ** 2));
  const large = { ...voice, tensors: [{ name: 'a', shape: [40_000], values }] };
  await expect(toFragment(large)).rejects.toThrow('too large for a link');
});

test('the files of a voice from a link give the same voice, and one with more than a link holds is left out', async () => {
  for (const one of others) expect(await sharedFrom(filesFrom(one), one.name, one.opening)).toEqual(one);
  const files = filesFrom(voice);
  expect(await sharedFrom(files, voice.name, voice.opening)).toEqual(voice);
  const config = JSON.parse(await files['adapter_config.json'].text());
  for (const change of [
    { bias: 'all' },
    { save_projection: true },
    { modules_to_save: ['head'] },
    { use_dora: true },
    { layers_to_transform: [0] },
    { target_modules: '.*q_proj' },
    { save_projection: undefined },
    { r: 2048 },
    { r: undefined },
    { projection_prng_key: -1 },
    { target_modules: Array.from({ length: 101 }, (_, index) => `q${index}`) },
    { peft_type: 'X' },
  ]) {
    const odd = new Blob([JSON.stringify({ ...config, ...change })]);
    await expect(sharedFrom({ ...files, 'adapter_config.json': odd }, 'a', '')).rejects.toThrow(ChoiceProblem);
  }
  const [, ia3] = others.map(filesFrom);
  const fields = JSON.parse((await ia3?.['adapter_config.json'].text()) ?? '');
  // PEFT's IA3Config has neither `bias` nor `layers_to_transform`.
  expect(Object.keys(fields)).toEqual([
    'target_modules',
    'feedforward_modules',
    'peft_type',
    'task_type',
    'base_model_name_or_path',
  ]);
  const without = new Blob([JSON.stringify({ ...fields, exclude_modules: ['layers.0.mlp.down_proj'] })]);
  await expect(sharedFrom({ ...files, 'adapter_config.json': without }, 'a', '')).rejects.toThrow(ChoiceProblem);
  const bytes = await writeTensors(voice.tensors).arrayBuffer();
  expect(readTensors(bytes)).toEqual(voice.tensors);
  expect(Number(new DataView(bytes).getBigUint64(0, true)) % 8).toBe(0);
});

/** Makes a safetensors file with one tensor. */
function fileOf(dtype: string, numbers: Uint16Array<ArrayBuffer>): Promise<ArrayBuffer> {
  const header = JSON.stringify({ a: { dtype, shape: [numbers.length], data_offsets: [0, numbers.byteLength] } });
  const length = new BigUint64Array([BigInt(header.length)]);
  return new Blob([length, header, numbers]).arrayBuffer();
}

test('a voice in float16 travels too, and one in other numbers is refused', async () => {
  const [tensor] = readTensors(await fileOf('F16', Uint16Array.of(0x3c00, 0xc100)));
  expect(tensor).toEqual({ name: 'a', shape: [2], values: Float32Array.of(1, -2.5) });
  const other = await fileOf('BF16', Uint16Array.of(0x3f80));
  expect(() => readTensors(other)).toThrow(ChoiceProblem);
});

test('each float16 is the nearest to its own number, and halfway cases go to even', () => {
  const isItsOwn = (bits: number): boolean => {
    const value = fromHalf(bits);
    return Number.isNaN(value) ? Number.isNaN(fromHalf(toHalf(value))) : toHalf(value) === bits;
  };
  expect([...Array(0x10000).keys()].filter((bits) => !isItsOwn(bits))).toEqual([]);
  expect([1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 ** -25, 1.5 * 2 ** -24, 65_519.99, 65_520].map(toHalf)).toEqual([
    0x3c00, 0x3c02, 0, 2, 0x7bff, 0x7c00,
  ]);
});
