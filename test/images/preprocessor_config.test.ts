import { describe, expect, test } from 'vitest';
import { parsePreprocessorConfig, preparedSize, usualPreprocessorConfig } from '../../src/images/preprocessor_config';

const half = [0.5, 0.5, 0.5];

test('the defaults are those of ViTImageProcessor', () => {
  expect(parsePreprocessorConfig({})).toEqual({
    do_convert_rgb: false,
    resize: { size: { height: 224, width: 224 }, resample: 'bilinear' },
    crop_size: undefined,
    rescale_factor: 1 / 255,
    normalize: { image_mean: half, image_std: half },
  });
});

test('as older files have it', () => {
  const config = {
    feature_extractor_type: 'ViTFeatureExtractor',
    ...{ do_normalize: true, do_resize: true, image_mean: half, image_std: half, resample: 2, size: 224 },
  };
  expect(parsePreprocessorConfig(config)).toEqual(parsePreprocessorConfig({}));
});

test('as transformers 5 writes it', () => {
  const config = {
    ...{
      do_convert_rgb: null,
      do_normalize: true,
      do_rescale: true,
      do_resize: true,
      image_mean: half,
      image_std: 0.25,
    },
    ...{ image_processor_type: 'ViTImageProcessor', resample: 3, rescale_factor: 0.5 },
    ...{ size: { height: 30, width: 20 } },
  };
  expect(parsePreprocessorConfig(config)).toMatchObject({
    resize: { size: { height: 30, width: 20 }, resample: 'bicubic' },
    rescale_factor: 0.5,
    normalize: { image_mean: half, image_std: [0.25, 0.25, 0.25] },
  });
});

test.each([
  { image_processor_type: 'DeiTImageProcessor' },
  { image_processor_type: 'DeiTImageProcessorFast' },
  { image_processor_type: 'DeiTImageProcessorPil', feature_extractor_type: 'DeiTFeatureExtractor' },
])('the defaults of %j', (config) => {
  expect(parsePreprocessorConfig(config)).toEqual({
    ...parsePreprocessorConfig({}),
    resize: { size: { height: 256, width: 256 }, resample: 'bicubic' },
    crop_size: { height: 224, width: 224 },
  });
});

test("as facebook/deit-tiny-patch16-224's file has it", () => {
  const config = {
    ...{ crop_size: 224, do_center_crop: true, do_normalize: true, do_resize: true, resample: 3, size: 256 },
    ...{ feature_extractor_type: 'DeiTFeatureExtractor' },
    ...{ image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] },
  };
  const { image_mean, image_std, ...others } = config;
  expect(parsePreprocessorConfig(config)).toEqual({
    ...parsePreprocessorConfig({ feature_extractor_type: others.feature_extractor_type }),
    normalize: { image_mean, image_std },
  });
  expect(parsePreprocessorConfig({ ...config, do_center_crop: false }).crop_size).toBeUndefined();
});

test.each(['BitImageProcessor', 'BitImageProcessorFast', 'BitImageProcessorPil', 'CLIPImageProcessor'])(
  'the defaults of %s',
  (type) => {
    expect(parsePreprocessorConfig({ image_processor_type: type })).toEqual({
      do_convert_rgb: true,
      resize: { size: { shortest_edge: 224 }, resample: 'bicubic' },
      crop_size: { height: 224, width: 224 },
      rescale_factor: 1 / 255,
      normalize: {
        image_mean: [0.48145466, 0.4578275, 0.40821073],
        image_std: [0.26862954, 0.26130258, 0.27577711],
      },
    });
    expect(parsePreprocessorConfig({ image_processor_type: type, size: 256 }).resize?.size).toEqual({
      shortest_edge: 256,
    });
  },
);

test('the type of the feature extractor counts only where there is none of the image processor', () => {
  const types = { image_processor_type: 'ViTImageProcessor', feature_extractor_type: 'BeitFeatureExtractor' };
  expect(parsePreprocessorConfig(types)).toEqual(parsePreprocessorConfig({}));
});

test('settings for a size that config.json alone names blame it', () => {
  expect(() => usualPreprocessorConfig(2048)).toThrow('config.json: image_size: size: height:');
});

test("as openai/clip-vit-base-patch32's file has it", () => {
  const named = { feature_extractor_type: 'CLIPFeatureExtractor' };
  const steps = { do_center_crop: true, do_normalize: true, do_resize: true };
  const image_mean = [0.48145466, 0.4578275, 0.40821073];
  const image_std = [0.26862954, 0.26130258, 0.27577711];
  const config = { ...named, ...steps, crop_size: 224, image_mean, image_std, resample: 3, size: 224 };
  expect(parsePreprocessorConfig(config)).toEqual(parsePreprocessorConfig(named));
  expect(parsePreprocessorConfig(named).resize?.size).toEqual({ shortest_edge: 224 });
});

test('the defaults of SiglipImageProcessor', () => {
  const named = { image_processor_type: 'SiglipImageProcessor' };
  expect(parsePreprocessorConfig(named)).toEqual({
    ...parsePreprocessorConfig({}),
    do_convert_rgb: true,
    resize: { size: { height: 224, width: 224 }, resample: 'bicubic' },
  });
  expect(parsePreprocessorConfig({ ...named, size: 384 }).resize?.size).toEqual({ shortest_edge: 384 });
});

test.each([
  ['clip', 'CLIPImageProcessor'],
  ['clip_vision_model', 'CLIPImageProcessor'],
  ['dinov2', 'BitImageProcessor'],
  ['dinov2_with_registers', 'BitImageProcessor'],
  ['siglip', 'SiglipImageProcessor'],
  ['siglip_vision_model', 'SiglipImageProcessor'],
  ['vit', 'ViTImageProcessor'],
])('a file of a %s that names no processor has the defaults of %s', (modelType, image_processor_type) => {
  const named = parsePreprocessorConfig({ image_processor_type });
  expect(parsePreprocessorConfig({}, modelType)).toEqual(named);
  expect(usualPreprocessorConfig(224, modelType)).toEqual(named);
  const usual = usualPreprocessorConfig(64, modelType);
  const square = { height: 64, width: 64 };
  const isCropped = named.crop_size !== undefined;
  expect(preparedSize(usual)).toEqual(square);
  expect(usual.crop_size).toEqual(isCropped ? square : undefined);
  expect(usual.resize?.size).toEqual(isCropped ? { shortest_edge: 64 } : square);
  const other = { image_processor_type: 'DeiTImageProcessor' };
  expect(parsePreprocessorConfig(other, modelType)).toEqual(parsePreprocessorConfig(other));
});

test("as google/siglip2-base-patch16-224's file has it", () => {
  const [steps, sides] = [
    { do_convert_rgb: null, do_normalize: true, do_rescale: true, do_resize: true },
    { height: 224, width: 224 },
  ];
  const config = { ...steps, image_processor_type: 'SiglipImageProcessor', image_mean: half, image_std: half };
  expect(parsePreprocessorConfig({ ...config, resample: 2, rescale_factor: 1 / 255, size: sides })).toEqual({
    ...parsePreprocessorConfig({}),
    do_convert_rgb: true,
  });
});

test("as facebook/dinov2-small's file has it", () => {
  const [image_mean, image_std] = [
    [0.485, 0.456, 0.406],
    [0.229, 0.224, 0.225],
  ];
  const config = {
    ...{ crop_size: { height: 224, width: 224 }, do_center_crop: true, do_convert_rgb: true, do_normalize: true },
    ...{ do_rescale: true, do_resize: true, image_mean, image_processor_type: 'BitImageProcessor', image_std },
    ...{ resample: 3, rescale_factor: 0.00392156862745098, size: { shortest_edge: 256 } },
  };
  const parsed = parsePreprocessorConfig(config);
  expect(parsed).toEqual({
    do_convert_rgb: true,
    resize: { size: { shortest_edge: 256 }, resample: 'bicubic' },
    crop_size: { height: 224, width: 224 },
    rescale_factor: 1 / 255,
    normalize: { image_mean, image_std },
  });
  expect(preparedSize(parsed)).toEqual({ height: 224, width: 224 });
});

test('settings of skipped steps are ignored', () => {
  const config = { do_resize: false, do_rescale: false, do_normalize: false, image_std: 0, size: 'no', resample: 9 };
  const parsed = parsePreprocessorConfig({ ...config, crop_size: 7 });
  expect(parsed).toMatchObject({ resize: undefined, crop_size: undefined, rescale_factor: 1, normalize: undefined });
});

test.each([
  [{ size: { shortest_edge: 9 } }, { shortest_edge: 9 }],
  [{ size: 9, default_to_square: false }, { shortest_edge: 9 }],
  [{ size: 9 }, { height: 9, width: 9 }],
  [{ size: [30, 20] }, { height: 30, width: 20 }],
  [
    { size: [9, 9], default_to_square: false },
    { height: 9, width: 9 },
  ],
])('%j', (config, size) => {
  expect(parsePreprocessorConfig(config).resize?.size).toEqual(size);
});

test('a crop of [height, width]', () => {
  const config = { do_center_crop: true, crop_size: [30, 20] };
  expect(parsePreprocessorConfig(config).crop_size).toEqual({ height: 30, width: 20 });
});

describe('refused', () => {
  test.each<object>([
    { size: 0 },
    { size: 1025 },
    { size: 1.5 },
    { size: '224' },
    { size: {} },
    { size: { height: 4 } },
    { size: { height: 4, width: 1e9 } },
    { size: { shortest_edge: -1 } },
    { size: [224] },
    { size: [224, 224, 3] },
    { size: [224, '224'] },
    { size: [0, 224] },
    { resample: 6 },
    { resample: 'bilinear' },
    { do_center_crop: true },
    { do_center_crop: true, crop_size: { shortest_edge: 5 } },
    { do_resize: 1 },
    { rescale_factor: 0 },
    { rescale_factor: 'x' },
    { image_mean: [0.5, 0.5] },
    { image_mean: [0.5, 0.5, null] },
    { image_mean: [1e300, 0, 0] },
    { image_std: [1, 0, 1] },
    { image_std: [1e-300, 1, 1] },
    { image_processor_type: 7 },
  ])('%j', (config) => {
    const invalid = expect.objectContaining({ code: 'invalid_format' });
    expect(() => parsePreprocessorConfig({ ...config })).toThrow(invalid);
  });

  test.each<[object, string]>([
    [{ resample: 4 }, '4 (box)'],
    [{ resample: 5 }, '5 (hamming)'],
    [{ image_processor_type: 'ConvNextImageProcessor' }, 'ConvNextImageProcessor'],
    [{ image_processor_type: 'BeitImageProcessor', feature_extractor_type: 'ViTFeatureExtractor' }, 'Beit'],
    [{ image_processor_type: 'MyDeiTImageProcessor' }, 'MyDeiTImageProcessor'],
    [{ image_processor_type: 'ViTImageProcessorPilFast' }, 'ViTImageProcessorPilFast'],
    [{ do_pad: true }, 'do_pad'],
    [{ size: { shortest_edge: 5, longest_edge: 9 } }, 'longest_edge'],
    [{ image_processor_type: 'CLIPImageProcessor', use_square_size: true }, 'use_square_size'],
  ])('%j, with the name of the unsupported part', (config, name) => {
    const unsupported = expect.objectContaining({
      code: 'unsupported_model',
      message: expect.stringContaining(name),
    });
    expect(() => parsePreprocessorConfig({ ...config })).toThrow(unsupported);
  });
});
