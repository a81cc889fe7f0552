import { WebVeraError } from '../core/errors/error';
import { Fields, type JsonObject } from '../core/input/fields';
import type { ImageSize, Resample } from './resize';

/** The maximum length of an edge in pixels. The largest ViTs use 518. */
const MAX_EDGE = 1024;

/** The size of an image that is resized so that its shorter edge has this length. The proportions are preserved. */
export interface ShortestEdge {
  readonly shortest_edge: number;
}

/** One number each for red, green and blue. */
export type Channels = readonly [number, number, number];

/** The steps in a preprocessor_config.json, in this order. Disabled steps are undefined. */
export interface PreprocessorConfig {
  /** Whether transparent images are blended over white. Otherwise alpha is dropped, as by `image.convert("RGB")`. */
  readonly do_convert_rgb: boolean;
  readonly resize: { readonly size: ImageSize | ShortestEdge; readonly resample: Resample } | undefined;
  /** The size to which the centre is cropped; smaller images are padded with black. */
  readonly crop_size: ImageSize | undefined;
  /** The factor by which bytes are multiplied; 1 without rescaling. */
  readonly rescale_factor: number;
  readonly normalize: { readonly image_mean: Channels; readonly image_std: Channels } | undefined;
}

/** The supported filters, indexed by PIL's numbers. */
const RESAMPLES: readonly (Resample | undefined)[] = ['nearest', 'lanczos', 'bilinear', 'bicubic'];
const OTHER_RESAMPLES = ['box', 'hamming'];

/** A processor's values for fields that a file lacks. */
interface ProcessorDefaults {
  readonly size: ImageSize | ShortestEdge;
  /** If `size` is a single number: true if both edges get this length, false if only the shorter edge does. */
  readonly isSquare: boolean;
  /** PIL's number of the filter. */
  readonly resample: number;
  /** The default size of the crop. Undefined for a processor that crops only if the file asks for it and gives a size. */
  readonly crop_size?: number;
  readonly do_convert_rgb: boolean;
  readonly image_mean: Channels;
  readonly image_std: Channels;
}

const HALF: Channels = [0.5, 0.5, 0.5];
const VIT: ProcessorDefaults = {
  size: { height: 224, width: 224 },
  isSquare: true,
  resample: 2,
  do_convert_rgb: false,
  image_mean: HALF,
  image_std: HALF,
};

const CLIP: ProcessorDefaults = {
  size: { shortest_edge: 224 },
  isSquare: false,
  resample: 3,
  crop_size: 224,
  do_convert_rgb: true,
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};

const SIGLIP: ProcessorDefaults = { ...VIT, isSquare: false, resample: 3, do_convert_rgb: true };

/** The defaults of each processor, by the beginning of its name: 'ViT' for ViTImageProcessor. */
const PROCESSORS: ReadonlyMap<string, ProcessorDefaults> = new Map([
  ['ViT', VIT],
  ['DeiT', { ...VIT, size: { height: 256, width: 256 }, resample: 3, crop_size: 224 }],
  ['Bit', CLIP],
  ['CLIP', CLIP],
  ['Siglip', SIGLIP],
]);

/**
 * The defaults for folders that name no processor, by `model_type`, as in transformers; other types get ViT's. transformers lists no
 * processor for DINOv2 with registers, whose folders name that of DINOv2.
 */
const UNNAMED: ReadonlyMap<string, ProcessorDefaults> = new Map([
  ['clip', CLIP],
  ['clip_vision_model', CLIP],
  ['dinov2', CLIP],
  ['dinov2_with_registers', CLIP],
  ['siglip', SIGLIP],
  ['siglip_vision_model', SIGLIP],
]);
const NAMES = [...PROCESSORS.keys()].map((name) => `${name}ImageProcessor`);
/** Matches the names that processors have in all versions of transformers. */
const NAME = /^(\w+?)(?:ImageProcessor(?:Fast|Pil)?|FeatureExtractor)$/;

/**
 * Parses a preprocessor_config.json. Missing fields get the defaults of the processor that the file names; if it names none, those of the
 * `model_type`'s processor. `where` is the file's name in errors. Throws `invalid_format` for an invalid file, and `unsupported_model` for
 * other processors and unsupported steps.
 */
export function parsePreprocessorConfig(
  json: JsonObject,
  modelType?: string,
  where = 'preprocessor_config.json',
): PreprocessorConfig {
  const fields = new Fields(json, where);
  const defaults = namedBy(fields) ?? unnamed(modelType);
  for (const step of ['do_pad', 'use_square_size']) {
    if (fields.boolean(step, false)) throw unsupported(fields, step, true, 'false');
  }
  const isSquare = fields.boolean('default_to_square', defaults.isSquare);
  const ofChannels = (key: 'image_mean' | 'image_std'): Channels => channels(fields, key, defaults[key]);
  return Object.freeze({
    do_convert_rgb: fields.boolean('do_convert_rgb', defaults.do_convert_rgb),
    resize: fields.boolean('do_resize', true)
      ? { size: sizeOf(fields, isSquare, defaults), resample: resampleOf(fields, defaults) }
      : undefined,
    crop_size: fields.boolean('do_center_crop', defaults.crop_size !== undefined)
      ? heightAndWidth(fields, 'crop_size', defaults.crop_size)
      : undefined,
    rescale_factor: fields.boolean('do_rescale', true)
      ? fields.positiveNumber('rescale_factor', { fallback: 1 / 255 })
      : 1,
    normalize: fields.boolean('do_normalize', true)
      ? { image_mean: ofChannels('image_mean'), image_std: nonZero(fields, ofChannels('image_std')) }
      : undefined,
  });
}

/** Returns the settings for a folder without preprocessor_config.json: the defaults of `modelType`, for images of `edge`×`edge` pixels. */
export function usualPreprocessorConfig(edge: number, modelType?: string): PreprocessorConfig {
  const isSquare = 'height' in unnamed(modelType).size;
  const size = isSquare ? { height: edge, width: edge } : { shortest_edge: edge };
  return parsePreprocessorConfig({ size, crop_size: edge }, modelType, 'config.json: image_size');
}

/** Returns the size of a square image after preprocessing; undefined if preprocessing doesn't change it. */
export function preparedSize({ resize, crop_size }: PreprocessorConfig): ImageSize | undefined {
  if (crop_size !== undefined || resize === undefined) return crop_size;
  const { size } = resize;
  return 'shortest_edge' in size ? { height: size.shortest_edge, width: size.shortest_edge } : size;
}

function unnamed(modelType = ''): ProcessorDefaults {
  return UNNAMED.get(modelType) ?? VIT;
}

/** Returns the defaults of the processor that the file names. */
function namedBy(fields: Fields): ProcessorDefaults | undefined {
  const key = ['image_processor_type', 'feature_extractor_type'].find((each) => fields.get(each) !== undefined);
  if (key === undefined) return undefined;
  const type = fields.string(key);
  const defaults = PROCESSORS.get(NAME.exec(type)?.[1] ?? '');
  if (defaults === undefined) throw unsupported(fields, key, type, NAMES.join(' or '));
  return defaults;
}

function sizeOf(fields: Fields, isSquare: boolean, defaults: ProcessorDefaults): ImageSize | ShortestEdge {
  const size = fields.get('size');
  if (size === undefined) return defaults.size;
  if (typeof size === 'number' && !isSquare) return { shortest_edge: edge(fields, 'size') };
  const shown = typeof size === 'object' && !Array.isArray(size) ? fields.object('size') : undefined;
  if (shown === undefined || !shown.has('shortest_edge')) return heightAndWidth(fields, 'size');
  if (shown.has('longest_edge'))
    throw unsupported(fields, 'size', 'a longest_edge', 'height and width or shortest_edge');
  return { shortest_edge: edge(shown, 'shortest_edge') };
}

/** Parses `{ height, width }`, `[height, width]`, or one number for both. If the field is missing, both are `fallback`. */
function heightAndWidth(fields: Fields, key: string, fallback?: number): ImageSize {
  const value = fields.get(key);
  if (value === undefined && fallback !== undefined) return { height: fallback, width: fallback };
  if (typeof value === 'number') return { height: edge(fields, key), width: edge(fields, key) };
  const size =
    Array.isArray(value) && value.length === 2
      ? new Fields({ height: value[0], width: value[1] }, `${fields.where}: ${key}`)
      : fields.object(key);
  if (size === undefined) throw fields.invalid(key, 'height and width');
  return { height: edge(size, 'height'), width: edge(size, 'width') };
}

function edge(fields: Fields, key: string): number {
  return fields.positiveInteger(key, { max: MAX_EDGE });
}

function resampleOf(fields: Fields, defaults: ProcessorDefaults): Resample {
  const number = fields.count('resample', defaults.resample);
  const resample = RESAMPLES[number];
  if (resample !== undefined) return resample;
  const other = OTHER_RESAMPLES[number - RESAMPLES.length];
  if (other === undefined) throw fields.invalid('resample', "one of PIL's filters, a number from 0 to 5");
  const supported = '0 (nearest), 1 (lanczos), 2 (bilinear) or 3 (bicubic)';
  throw unsupported(fields, 'resample', `${number} (${other})`, supported);
}

function channels(fields: Fields, key: string, fallback: Channels): Channels {
  const value = fields.get(key) ?? fallback;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value, value, value];
  const [red, green, blue] = list;
  if (list.length === 3 && isNumber(red) && isNumber(green) && isNumber(blue)) return [red, green, blue];
  throw fields.invalid(key, 'a number, or one each for red, green and blue');
}

function nonZero(fields: Fields, image_std: Channels): Channels {
  if (image_std.every((std) => Math.fround(std) > 0)) return image_std;
  throw fields.invalid('image_std', 'numbers above 0');
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(Math.fround(value));
}

function unsupported({ where }: Fields, key: string, value: unknown, expected: string): WebVeraError {
  const text = String(value).slice(0, 60);
  return new WebVeraError('unsupported_model', `${where}: ${key}: expected ${expected}, got ${text}`, {
    hint: 'webvera prepares images as ViTImageProcessor, DeiTImageProcessor, BitImageProcessor, CLIPImageProcessor and SiglipImageProcessor do. Pass pixel_values, or use a model whose preprocessor needs nothing else.',
    detail: { key },
  });
}
