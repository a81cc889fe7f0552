import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { JsonObject } from '../../src/core/input/fields';
import type { RgbaImage } from '../../src/core/types/image';

interface Bytes {
  readonly width: number;
  readonly height: number;
  /** The bytes in base64. */
  readonly data: string;
}

interface GoldenImages {
  readonly images: Readonly<Record<string, Bytes>>;
  readonly rows: readonly {
    readonly situation: string;
    readonly image: string;
    readonly config: JsonObject;
    readonly rgb?: Bytes;
    readonly pixel_values?: string;
  }[];
}

const file = resolve(import.meta.dirname, '../golden/images.json');
export const goldenImages = JSON.parse(readFileSync(file, 'utf8')) as GoldenImages;

export function goldenImage(name: string): RgbaImage {
  return ofBase64(goldenImages.images[name] ?? { width: 0, height: 0, data: '' });
}

export function ofBase64({ width, height, data }: Bytes): { width: number; height: number; data: Uint8Array } {
  return { width, height, data: bytesOf(data) };
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}
