import { describe, expect, test } from 'vitest';
import { WebVeraError } from '../../../src/core/errors/error';
import type { FileSource } from '../../../src/core/input/file_source';
import { defaultLimits } from '../../../src/core/types/source';
import { folderFiles } from '../../../src/formats/models/model_files';
import { expectProcessor } from '../../../src/tasks/images/pixels';
import { loadImageProcessor } from '../../../src/worker/models/loading/image_processor_loader';
import { ModelSources } from '../../../src/worker/models/loading/model_sources';
import { MemorySource } from '../../helpers/session/memory_source';
import { bytes } from '../../hub/source_bytes';

const { signal } = new AbortController();
const config = { model_type: 'vit' };
const pixels = { width: 5, height: 4, data: new Uint8ClampedArray(80).fill(255) };

/** Loads the image processor of a folder with this preprocessor_config.json, for images of 8×8 pixels. */
function load(json: object | string | undefined, channels = 3, limit = 1000, model_type = 'vit') {
  const host = { emit() {} };
  const sources = new ModelSources(host, { store: 'memory', limits: { json: limit } });
  const text = typeof json === 'string' ? json : JSON.stringify(json);
  const files = new Map(json === undefined ? [] : [['preprocessor_config.json', new Blob([text])]]);
  const source = sources.open(1, { files }, { progress: false }, signal);
  const image = { channels, size: 8, patch: 4, patches: 4 };
  return loadImageProcessor({}, folderFiles(source, sources.limits), { image, config: { model_type } });
}

test('without the file images are resized to the size of the model', async () => {
  const processor = expectProcessor(await load(undefined));
  const { height, width } = await processor.prepare(pixels, signal);
  expect([height, width]).toEqual([8, 8]);
});

test.each([[undefined], [{ size: 8, crop_size: 8 }]])(
  'with settings %j, which name no processor, images of a CLIP are prepared by its own',
  async (json) => {
    // The middle third is white, the rest is black.
    const data = Uint8ClampedArray.from({ length: 24 * 8 * 4 }, (_, i) => (((i >> 2) % 24) >> 3 === 1 ? 255 : 0));
    const image = { width: 24, height: 8, data };
    const processor = expectProcessor(await load(json, 3, 1000, 'clip'));
    const prepared = await processor.prepare(image, signal);
    expect([prepared.height, prepared.width]).toEqual([8, 8]);
    expect(processor.numbers.image_mean).toEqual([0.48145466, 0.4578275, 0.40821073]);
    expect([...new Set(prepared.data)]).toEqual([255]);
  },
);

test('the file decides how images are resized', async () => {
  const processor = expectProcessor(await load({ size: 8, image_mean: 0, image_std: 1 }));
  const prepared = await processor.prepare(pixels, signal);
  expect([...new Set(processor.pixelValues(prepared))]).toEqual([1]);
});

describe('processor_config.json, which transformers 5 writes beside a tokenizer', () => {
  const image = { channels: 3, size: 8, patch: 4, patches: 4 };
  const image_processor = { size: { height: 8, width: 8 }, image_mean: 0, image_std: 1 };
  /** Returns the pixel values of a white image, and the files for which the source was asked. */
  const load = async (contents: Record<string, object>, { isUnknown = false, failure = '', cached = 0 } = {}) => {
    const files = Object.entries(contents).map(([name, json]) => [name, bytes(JSON.stringify(json))] as const);
    const memory = new MemorySource(Object.fromEntries(files));
    const asked: string[] = [];
    const source: FileSource = {
      name: 'a',
      location: 'a',
      expect: () => {},
      isUnknown: async (file) => isUnknown && file === 'processor_config.json',
      cachedBytes: async (file) => (file === 'preprocessor_config.json' ? cached : 0),
      open: async (file) => {
        asked.push(file);
        if (file !== 'processor_config.json' || failure === '') return memory.open(file);
        throw new WebVeraError(failure as 'offline', 'no answer');
      },
    };
    return { loaded: await loadImageProcessor({}, folderFiles(source, defaultLimits), { image, config }), asked };
  };
  const prepared = async (...given: Parameters<typeof load>) => {
    const { loaded, asked } = await load(...given);
    const processor = expectProcessor(loaded);
    const values = processor.pixelValues(await processor.prepare(pixels, signal));
    return { values: [...new Set(values)], asked };
  };
  const [asOne, asBoth] = [['processor_config.json'], ['processor_config.json', 'preprocessor_config.json']];
  const own = { 'preprocessor_config.json': { ...image_processor, image_mean: 0.5 } };

  test('says how images are prepared, also beside a preprocessor_config.json', async () => {
    const files = { ...own, 'processor_config.json': { image_processor, processor_class: 'CLIPProcessor' } };
    expect(await prepared(files)).toEqual({ values: [1], asked: asOne });
  });

  test.each([[{}], [{ image_processor: null }], [{ processor_class: 'CLIPProcessor' }]])(
    'leaves it to preprocessor_config.json if it is %j',
    async (json) => {
      expect(await prepared({ ...own, 'processor_config.json': json })).toEqual({ values: [0.5], asked: asBoth });
      expect(await prepared({ 'processor_config.json': json })).toEqual(await prepared({}));
    },
  );

  test('is named by errors about its settings', async () => {
    const messageOf = async (image_processor: unknown) => {
      const { loaded } = await load({ ...own, 'processor_config.json': { image_processor } });
      return (loaded as WebVeraError).message;
    };
    const where = 'processor_config.json: image_processor:';
    expect(await messageOf({ size: 'large' })).toMatch(`${where} size:`);
    expect(await messageOf({ size: [8, 0] })).toMatch(`${where} size: width:`);
    expect(await messageOf({ image_processor_type: 'ConvNextImageProcessor' })).toMatch(
      `${where} image_processor_type:`,
    );
    expect(await messageOf({ size: 7 })).toMatch(`${where} expected images of 8×8`);
    await expect(messageOf('ViTImageProcessor')).rejects.toThrow(`${where} expected an object`);
  });

  test('may be unknown to the cache of an earlier release, but may not fail to load', async () => {
    const earlier = { values: [0.5], asked: asBoth };
    expect(await prepared(own, { isUnknown: true })).toEqual({ ...earlier, asked: asBoth.slice(1) });
    expect(await prepared(own, { failure: 'offline', cached: 99 })).toEqual(earlier);
    await expect(prepared(own, { failure: 'offline' })).rejects.toMatchObject({ code: 'offline' });
    await expect(prepared(own, { failure: 'http_error', cached: 99 })).rejects.toMatchObject({ code: 'http_error' });
  });
});

test('models of texts, and of other channels without the file, have none', async () => {
  expect(await load(undefined, 1)).toBeUndefined();
  const sources = new ModelSources({ emit() {} }, { store: 'memory' });
  const source = sources.open(1, { files: new Map() }, { progress: false }, signal);
  expect(await loadImageProcessor({}, folderFiles(source, sources.limits), { config })).toBeUndefined();
});

describe('an error for images instead of a processor', () => {
  const expected =
    'preprocessor_config.json: expected images of 8×8 in 3 channels, as config.json says, got 224×224 in 3';
  test.each<[string, object, object]>([
    ['another size than the model’s', { size: 224 }, { code: 'invalid_format', message: expected }],
    ['another size where none is given', {}, { code: 'invalid_format', message: expected }],
    ['another size by its crop', { size: 8, do_center_crop: true, crop_size: 7 }, { code: 'invalid_format' }],
    [
      'fields that are invalid',
      { size: 'large' },
      { code: 'invalid_format', message: expect.stringContaining('preprocessor_config.json: size') },
    ],
    [
      'another processor',
      { image_processor_type: 'ConvNextImageProcessor' },
      { code: 'unsupported_model', hint: expect.stringContaining('pixel_values') },
    ],
  ])('%s', async (_, json, error) => {
    const found = await load(json);
    expect(found).toBeInstanceOf(WebVeraError);
    expect(found).toMatchObject(error);
    expect(() => expectProcessor(found)).toThrow((found as WebVeraError).message);
  });

  test('other channels', async () => {
    expect(await load({ size: 8 }, 1)).toMatchObject({
      code: 'invalid_format',
      message: 'preprocessor_config.json: expected images of 8×8 in 1 channels, as config.json says, got 8×8 in 3',
      hint: expect.stringContaining('pass images as pixel_values'),
    });
  });
});

test.each<[string, object | string, object]>([
  ['what is no JSON', '{', { code: 'invalid_format' }],
  ['a file that is too long', { size: 8, more: 'a'.repeat(1000) }, { code: 'limit_exceeded' }],
])('refuses %s', async (_, json, error) => {
  await expect(load(json)).rejects.toMatchObject(error);
});
