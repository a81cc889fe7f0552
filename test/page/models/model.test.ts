import { afterEach, describe, expect, test, vi } from 'vitest';
import { loaded, modelInfo } from '../session/open_session';

afterEach(() => vi.unstubAllGlobals());

const pixels = { dims: [1, 1, 2, 2], data: new Float32Array(4) };

describe('a model', () => {
  const logits = { dims: [1, 2, 1], data: Float32Array.of(1, 2) };

  test('takes nested arrays and flat ones', async () => {
    const { model, session, fake } = await loaded(() => ({ forward: async () => ({ logits, loss: 0.5 }) }));
    expect(await model.forward({ input_ids: [[1, 2]], labels: { dims: [1, 2], data: [-100, 2] } })).toEqual({
      logits: { dims: [1, 2, 1], data: Float32Array.of(1, 2) },
      loss: 0.5,
    });
    expect(fake.argsOf('forward')[0]?.slice(1)).toEqual([
      modelInfo.model,
      {
        input_ids: { dims: [1, 2], data: Int32Array.of(1, 2) },
        labels: { dims: [1, 2], data: Int32Array.of(-100, 2) },
      },
    ]);
    await session.close();
  });

  test.each<[string, object, RegExp]>([
    ['no ids', {}, /input_ids: expected one array of ids per row/],
    ['no rows', { input_ids: [] }, /at least one row/],
    ['rows without ids', { input_ids: [[], []] }, /at least one row and one column/],
    ['a row that is undefined', { input_ids: [[1], undefined] }, /one array of ids per row, got undefined/],
    ['ragged rows', { input_ids: [[1, 2], [3]] }, /rows of 2 entries, as the first, got '1 in row 1'/],
    ['a fraction', { input_ids: [[1, 2.5]] }, /input_ids\[0\]\[1\]: expected an integer, got 2.5/],
    ['NaN', { input_ids: [[Number.NaN]] }, /input_ids\[0\]\[0\]: expected an integer, got NaN/],
    ['an id beyond 32 bits', { input_ids: [[2 ** 40]] }, /expected an integer/],
    ['dims that do not fit', { input_ids: { dims: [2, 2], data: [1, 2, 3] } }, /dims \[2, 2\] with 3 entries/],
    ['three dims', { input_ids: { dims: [1, 1, 1], data: [1] } }, /dims \[1, 1, 1\]/],
    ['labels of another shape', { input_ids: [[1, 2]], labels: [[1]] }, /labels: expected dims \[1, 2\]/],
    ['neither ids nor pixels', {}, /input_ids: expected one array of ids per row, got undefined/],
    ['ids and pixels', { input_ids: [[1]], pixel_values: pixels }, /input_ids: expected nothing beside pixel_values/],
    ['pixels and a mask', { pixel_values: pixels, attention_mask: [[1]] }, /attention_mask: expected nothing beside/],
    ['pixels without dims', { pixel_values: { data: pixels.data } }, /pixel_values: expected { dims, data }/],
    ['pixels in an array', { pixel_values: { ...pixels, data: [1, 2, 3, 4] } }, /with a Float32Array/],
    ['pixels of three dims', { pixel_values: { ...pixels, dims: [1, 2, 2] } }, /got 'dims \[1, 2, 2\] with 4 numbers'/],
    ['too few pixels', { pixel_values: { ...pixels, dims: [2, 1, 2, 2] } }, /dims \[2, 1, 2, 2\] with 4 numbers/],
    ['labels for other images', { pixel_values: pixels, labels: [1, 2] }, /labels: expected one for each of 1 rows/],
    ['labels of other images', { pixel_values: pixels, labels: [[1], [2]] }, /labels: expected one for each of 1 rows/],
    [
      'a label that is none',
      { pixel_values: pixels, labels: [[1, Number.NaN]] },
      /labels\[0\]\[1\]: expected a number/,
    ],
  ])('refuses inputs with %s', async (_case, inputs, message) => {
    const { model, session, fake } = await loaded();
    await expect(model.forward(inputs as never)).rejects.toMatchObject({ code: 'invalid_argument', message });
    expect(fake.argsOf('forward')).toEqual([]);
    await session.close();
  });

  test('takes the pixels of images, with a label for each', async () => {
    const ofImages = { dims: [1, 2], data: Float32Array.of(1, 2) };
    const { model, session, fake } = await loaded(() => ({ forward: async () => ({ logits: ofImages, loss: 0.5 }) }));
    await model.forward({ pixel_values: pixels, labels: [3] });
    expect(fake.argsOf('forward')[0]?.slice(2)).toEqual([
      { pixel_values: pixels, labels: { dims: [1], data: Float32Array.of(3) } },
    ]);
    await session.close();
  });

  test('gives its weights and its memory', async () => {
    const weight = { dims: [2], data: Float32Array.of(1, 2) };
    const memory = { gpu_bytes: 10, peak_gpu_bytes: 20, buffers: 3 };
    const { model, session, fake } = await loaded(() => ({
      stateDict: async () => new Map([['a.weight', weight]]),
      memory: async () => memory,
    }));
    expect(await model.state_dict(['a.weight'])).toEqual(
      new Map([['a.weight', { dims: [2], data: Float32Array.of(1, 2) }]]),
    );
    expect(fake.argsOf('stateDict')[0]?.slice(1)).toEqual([modelInfo.model, ['a.weight']]);
    expect(await model.memory()).toEqual(memory);
    await session.close();
  });

  test.each<[string, unknown, RegExp]>([
    ['a text', 'The whale', /\{ input_ids: \[await model\.tokenizer\.encode\(text\)\] \}/],
    ['ids alone', [1, 2], /\{ input_ids: \[ids\] \}/],
    ['one row', { input_ids: [1, 2] }, /\[ids\]/],
    ['a row that is on its way', { input_ids: [Promise.resolve([1])] }, /await/],
  ])("asks for forward's inputs if it gets %s", async (_case, inputs, hint) => {
    const { model, session } = await loaded();
    await expect(model.forward(inputs as never)).rejects.toMatchObject({
      code: 'invalid_argument',
      hint: expect.stringMatching(hint),
    });
    await session.close();
  });

  test('takes large integers, as tensors of transformers.js hold them', async () => {
    const { model, session, fake } = await loaded(() => ({ forward: async () => ({}) as never }));
    const tensor = { dims: [1, 3], data: BigInt64Array.of(1n, 2n, 3n) };
    const wire = { dims: [1, 3], data: Int32Array.of(1, 2, 3) };
    await model.forward({ input_ids: tensor, labels: [BigInt64Array.of(1n, 2n, 3n)] });
    await model.forward({ input_ids: [[1, 2n, 3]] });
    await model.forward({ input_ids: [[1, 2n, 3]], labels: [2n] });
    expect(fake.argsOf('forward').map((args) => args[2])).toEqual([
      { input_ids: wire, labels: wire },
      { input_ids: wire },
      { input_ids: wire, labels: { dims: [1], data: Float32Array.of(2) } },
    ]);
    for (const odd of [2n ** 40n, 2n ** 60n + 1n]) {
      await expect(model.forward({ input_ids: [[1, odd]] })).rejects.toMatchObject({
        code: 'invalid_argument',
        message: `inputs: input_ids[0][1]: expected an integer, got ${odd}`,
      });
    }
    await session.close();
  });

  test('takes rows of any kind of array, and refuses what is none', async () => {
    const { model, session, fake } = await loaded(() => ({ forward: async () => ({}) as never }));
    await model.forward({ input_ids: [Int32Array.of(1, 2), Int32Array.of(3, 4)] as never });
    expect(fake.argsOf('forward')[0]?.[2]).toEqual({ input_ids: { dims: [2, 2], data: Int32Array.of(1, 2, 3, 4) } });
    for (const input_ids of [new Set([1]), {}, { dims: [1, 1] }]) {
      await expect(model.forward({ input_ids } as never)).rejects.toMatchObject({
        code: 'invalid_argument',
        message: expect.stringMatching(/^inputs: input_ids: expected one array of ids per row, or \{ dims, data \}/),
      });
    }
    await session.close();
  });

  test('once disposed of can not be used', async () => {
    const { model, session, fake } = await loaded(() => ({ disposeModel: async () => {} }));
    await model.dispose();
    await model.dispose();
    expect(fake.argsOf('disposeModel')).toEqual([[modelInfo.model]]);
    const gone = { code: 'invalid_argument', message: 'Expected a live model, got one that is disposed of' };
    await expect(model.forward({ input_ids: [[1]] })).rejects.toMatchObject(gone);
    await expect(model.generate([1])).rejects.toMatchObject(gone);
    await expect(model.memory()).rejects.toMatchObject(gone);
    await session.close();
  });

  test('may be disposed of after its session is closed', async () => {
    const { model, session } = await loaded();
    await session.close();
    await model.dispose();
  });
});

describe('a tokenizer', () => {
  test('encodes with special tokens and decodes with them, unless told otherwise', async () => {
    const { model, session, fake } = await loaded(() => ({ encode: async () => [1, 5], decode: async () => '<s>a' }));
    const tokenizer = model.tokenizer;
    expect(await tokenizer?.encode('a')).toEqual([1, 5]);
    await tokenizer?.encode('a', { add_special_tokens: false });
    expect(await tokenizer?.decode(Uint32Array.of(1, 5) as never)).toBe('<s>a');
    await tokenizer?.decode([1, 5], { skip_special_tokens: true });
    expect(fake.argsOf('encode')).toEqual([
      [2, 'a', { add_special_tokens: true }],
      [2, 'a', { add_special_tokens: false }],
    ]);
    expect(fake.argsOf('decode')).toEqual([
      [2, [1, 5], { skip_special_tokens: false }],
      [2, [1, 5], { skip_special_tokens: true }],
    ]);
    await expect(tokenizer?.encode(5 as never)).rejects.toMatchObject({ message: /text: expected a string, got 5/ });
    await expect(tokenizer?.decode([-1])).rejects.toMatchObject({
      message: /ids\[0\]: expected an integer from 0, got -1/,
    });
    await expect(tokenizer?.decode('1' as never)).rejects.toMatchObject({ message: /expected an array of token ids/ });
    await session.close();
  });
});
