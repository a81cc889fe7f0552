import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Example, type PreTrainedModel, Profile, type ProfileOptions } from '../../../src/index';
import { drawn, loadVit } from '../../helpers/bytes/drawn_images';
import { loadTextClassifier } from '../../helpers/models/text_classifier';
import { testInAll } from '../../helpers/ring';
import { stored, visit } from '../../helpers/session/profiles';
import { bytesOf } from '../../helpers/session/session';

beforeEach(() => void vi.stubGlobal('indexedDB', new IDBFactory()));
afterEach(() => void vi.unstubAllGlobals());

const args = { max_steps: 12, per_device_train_batch_size: 4, learning_rate: 3e-2, headLearningRate: 1e-2 };
const options: ProfileOptions = { peft_config: { r: 16 }, args };
const examples = [0, 2, 4, 6].flatMap((first): Example[] => [
  { image: drawn('stripes', first), label: 'stripes' },
  { image: drawn('squares', first), label: 1 },
]);
const [stripes, squares] = [drawn('stripes', 5), drawn('squares', 5)];
const told = async (profile: Profile): Promise<unknown[]> =>
  Promise.all([stripes, squares].map((image) => profile.predict(image)));
const best = async (profile: Profile): Promise<string[]> =>
  Promise.all([stripes, squares].map(async (image) => (await profile.predict(image))[0]!.label));

/** Returns the bytes that a profile stores for an image: the pixels that a preview shows. */
async function shownBytes(model: PreTrainedModel, image: Parameters<typeof drawn>): Promise<number[]> {
  const { data } = (await model.preview({ image: drawn(...image) })).image;
  return [...data].filter((_, index) => index % 4 !== 3);
}

test('a profile of images learns, remembers at the next visit, and is exported with its images', async () => {
  const first = await visit(async (opened) => {
    const base = await loadVit(opened);
    const profile = await Profile.open(base, 'ada', options);
    expect(await profile.add(examples)).toBe(8);
    const { metrics } = await profile.learn();
    expect(metrics).toMatchObject({ taken: 1, held_out: 0 });
    expect(metrics.loss_after).toBeLessThan(metrics.loss_before! / 2);
    expect(await best(profile)).toEqual(['stripes', 'squares']);
    expect(profile.info.bytes).toBeGreaterThan(8 * 28 * 28 * 3);
    return { told: await told(profile), files: await profile.export(), shown: await shownBytes(base, ['squares', 6]) };
  });
  expect([...first.files.keys()].sort()).toEqual([
    'adapter_config.json',
    'adapter_model.safetensors',
    'examples.jsonl',
    'images.npy',
    'profile.json',
  ]);
  const lines = (await first.files.get('examples.jsonl')!.text()).trimEnd().split('\n');
  expect(lines.slice(0, 2)).toEqual(['{"image":0,"label":"stripes"}', '{"image":1,"label":1}']);
  const images = await bytesOf(first.files.get('images.npy')!);
  expect(images).toHaveLength(128 + 8 * 28 * 28 * 3);
  expect([...images.subarray(-28 * 28 * 3)]).toEqual(first.shown);
  await visit(async (opened) => {
    const profile = await Profile.open(await loadVit(opened), 'ada');
    expect(await told(profile)).toEqual(first.told);
    const { metrics } = await profile.learn({ args: { max_steps: 2 } });
    expect(metrics.loss_before).toBeLessThan(0.5);
  });
  vi.stubGlobal('indexedDB', new IDBFactory());
  await visit(async (opened) => {
    const profile = await Profile.import(await loadVit(opened), first.files, 'countess');
    expect(profile.info).toMatchObject({ examples: 8, seen: 8 });
    expect(await told(profile)).toEqual(first.told);
    const again = await profile.export();
    for (const name of ['examples.jsonl', 'images.npy', 'adapter_model.safetensors']) {
      expect(await bytesOf(again.get(name)!)).toEqual(await bytesOf(first.files.get(name)!));
    }
    await profile.learn({ args: { max_steps: 2 } });
  });
});

testInAll('a run that a closed page left behind goes on with its images', async () => {
  await visit(async (opened) => {
    const profile = await Profile.open(await loadVit(opened), 'ada', options);
    await profile.add(examples);
    const run = profile.learn({ args: { max_steps: 9, save_steps: 1 } });
    run.then(undefined, () => {}); // it rejects when the session ends
    for await (const { type } of run) if (type === 'save') break;
  });
  await visit(async (opened) => {
    const profile = await Profile.open(await loadVit(opened), 'ada');
    const { metrics, global_step } = await profile.learning!;
    expect([global_step, metrics.taken]).toEqual([9, 1]);
    expect(await best(profile)).toEqual(['stripes', 'squares']);
  });
});

test('a fair sample is stored, unless keep_examples is false', async () => {
  await visit(async (opened) => {
    const base = await loadVit(opened);
    const profile = await Profile.open(base, 'ada', { ...options, max_examples: 4 });
    expect(await profile.add(examples)).toBe(4);
    expect(await profile.add(examples[0]!)).toBe(4);
    expect(profile.info).toMatchObject({ examples: 4, seen: 9 });
    const secret = await Profile.open(base, 'ben', { ...options, keep_examples: false });
    await secret.add(examples);
    await secret.learn({ args: { max_steps: 2 } });
    expect((await secret.export()).get('images.npy')!.size).toBe(128 + 8 * 28 * 28 * 3);
    const parts = [...(await stored())].filter(([key]) => key.startsWith('profile/ben/'));
    expect(JSON.stringify(parts)).not.toContain('prepared');
  });
});

describe('nothing is stored of', () => {
  const bad: readonly [string, unknown, string, RegExp][] = [
    [
      'a label that there isn’t',
      { image: stripes, label: 'dots' },
      'invalid_argument',
      /label: expected one of the model's/,
    ],
    ['no label', { image: stripes }, 'invalid_argument', /expected an image with a label$/],
    ['a text', { text: 'stripes', label: 0 }, 'invalid_argument', /expected an image/],
    [
      'a file that can’t be decoded here',
      { image: new Blob(['P']), label: 0 },
      'invalid_argument',
      /image: expected pixels/,
    ],
    [
      'numbers',
      { pixel_values: { dims: [3, 28, 28], data: new Float32Array(3 * 28 * 28) }, label: 0 },
      'invalid_argument',
      /expected an image, as no pixel_values are kept$/,
    ],
    [
      'prepared bytes of another size',
      { prepared: { width: 2, height: 2, data: new Uint8Array(12) }, label: 0 },
      'invalid_argument',
      /prepared: expected dims \(3, ?28, ?28\), as the model's files say/,
    ],
    [
      'too large an image',
      { image: { width: 2 ** 16, height: 1, data: new Uint8ClampedArray(2 ** 18) }, label: 0 },
      'limit_exceeded',
      /image: expected an image of at most/,
    ],
  ];
  test.each(bad)('%s, nor of examples that were added together with it', async (_, one, code, message) => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadVit(opened), 'ada', options);
      await profile.add(examples[0]!);
      const pattern = new RegExp(`^examples\\[1\\]: ${message.source}`);
      await expect(profile.add([examples[1]!, one as Example])).rejects.toMatchObject({
        code,
        message: expect.stringMatching(pattern),
      });
      expect(profile.info).toMatchObject({ examples: 1, seen: 1 });
    });
  });

  test('an image over a model of texts', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTextClassifier(opened, 'bert'), 'ada', options);
      await expect(profile.add(examples)).rejects.toMatchObject({
        code: 'invalid_argument',
        message: 'examples[0]: expected an example of text, got an object with image, label',
      });
    });
  });
});

describe('files', () => {
  const edits: readonly [string, Record<string, string | undefined>, string, RegExp][] = [
    ['no images', { 'images.npy': undefined }, 'invalid_argument', /line 1: image: expected a Blob/],
    [
      'other images',
      { 'images.npy': 'none' },
      'invalid_format',
      /^images\.npy: expected numpy's bytes \(2, 28, 28, 3\)/,
    ],
    ['images in another order', { 'examples.jsonl': line(1) + line(0) }, 'invalid_format', /line 1: image: expected 0/],
    ['an image too many', { 'examples.jsonl': line(0) }, 'invalid_format', /^images\.npy: expected/],
    ['texts', { 'examples.jsonl': '{"text":"a"}\n'.repeat(2) }, 'invalid_format', /line 1: image: expected 0/],
    [
      'texts alone',
      { 'images.npy': undefined, 'examples.jsonl': '{"text":"a","label":0}\n'.repeat(2) },
      'invalid_argument',
      /^examples\[0\]: expected an image/,
    ],
    [
      'another label',
      { 'examples.jsonl': line(0) + line(1, 'dots') },
      'invalid_argument',
      /^examples\[1\]: label: expected/,
    ],
  ];
  test.each(edits)('are refused with %s, and nothing is stored', async (_, edit, code, message) => {
    await visit(async (opened) => {
      const base = await loadVit(opened);
      const profile = await Profile.open(base, 'ada', options);
      await profile.add(examples.slice(0, 2));
      const files = new Map(await profile.export());
      for (const [name, text] of Object.entries(edit)) {
        if (text === undefined) files.delete(name);
        else files.set(name, new Blob([text]));
      }
      await expect(Profile.import(base, files, 'bob')).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
      expect((await Profile.list({ session: opened.session })).map(({ id }) => id)).toEqual(['ada']);
    });
  });

  test('of images are refused over a model of texts', async () => {
    await visit(async (opened) => {
      const ofImages = await Profile.open(await loadVit(opened), 'ada', options);
      await ofImages.add(examples.slice(0, 2));
      const base = await loadTextClassifier(opened, 'bert');
      const ofTexts = await Profile.open(base, 'ben', options);
      const mixed = new Map([...(await ofImages.export()), ...(await ofTexts.export())]);
      await expect(Profile.import(base, mixed, 'bob')).rejects.toThrow(
        /^Profile\.import: files: expected examples of text, for a model that reads texts/,
      );
    });
  });

  function line(image: number, label = 'stripes'): string {
    return `${JSON.stringify({ image, label })}\n`;
  }
});
