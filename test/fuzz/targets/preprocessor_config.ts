import { parseJsonObject } from '../../../src/formats/json';
import { pixelValues, prepareImage } from '../../../src/images/preprocess';
import { parsePreprocessorConfig } from '../../../src/images/preprocessor_config';
import { type FuzzTarget, isRefusal } from '../target';

/** The maximum number of pixels of a resized image. Every reader takes long for larger images. */
const MOST = 2 ** 16;
const image = { width: 7, height: 5, data: Uint8Array.from({ length: 140 }, (_, i) => (i * 37) % 256) };

/** The input: preprocessor_config.json. A fixed image is resized as it says. */
export const target: FuzzTarget = {
  name: 'preprocessor_config',
  codes: ['invalid_format', 'unsupported_model'],
  run(bytes) {
    const config = parsePreprocessorConfig(parseJsonObject(bytes, 'preprocessor_config.json'));
    const { resize, crop_size } = config;
    const size = resize?.size ?? image;
    const edge = 'shortest_edge' in size ? size.shortest_edge : Math.max(size.height, size.width);
    if (edge ** 2 > MOST) return;
    const made = attemptPrepare(config);
    if (made === undefined) return;
    const { height, width } = crop_size ?? made;
    if (made.data.length !== 3 * height * width) throw new Error(`got ${made.data.length} bytes`);
    if (made.data.length > 3 * MOST) return;
    const values = pixelValues(made, config);
    if (values.length !== made.data.length || values.some(Number.isNaN))
      throw new Error(`got ${values.length} numbers`);
  },
};

function attemptPrepare(config: Parameters<typeof prepareImage>[1]): ReturnType<typeof prepareImage> | undefined {
  try {
    return prepareImage(image, config);
  } catch (error) {
    if (isRefusal(error, ['limit_exceeded'])) return undefined;
    throw error;
  }
}
