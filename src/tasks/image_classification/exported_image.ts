import type { ImageSizes } from '../../models/architecture';
import type { Labels } from '../../models/labels';
import { exportedTarget } from '../classification/row_targets';
import type { ImageRow } from './image_row';

/** The number of bytes that one call converts. Each byte is an argument, and a call takes only a limited number of arguments. */
const CHUNK = 2 ** 13;

interface ImageExportFormat {
  readonly image: ImageSizes;
  readonly labels: Labels;
}

/**
 * Returns a row as Python reads it: `pixels`, bytes (H, W, 3) in base64, or `pixel_values`, numbers (C, H, W); its label and its weight.
 */
export function exportedImage(row: ImageRow, { image: { channels, size }, labels }: ImageExportFormat): object {
  const { pixels } = row;
  const target = exportedTarget(row, labels);
  if (pixels instanceof Uint8Array) return { pixels: base64(pixels), ...target };
  const line = (start: number): number[] => [...pixels.subarray(start, start + size)];
  const lines = (channel: number): number[][] =>
    Array.from({ length: size }, (_, y) => line((channel * size + y) * size));
  return { pixel_values: Array.from({ length: channels }, (_, channel) => lines(channel)), ...target };
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
  }
  return btoa(text);
}
