import { expect } from 'vitest';
import { WebVeraError } from '../../src/core/errors/error';
import type { FileSource } from '../../src/core/input/file_source';
import { readWeights } from '../../src/formats/models/weights';
import { writeSafetensors } from '../../src/formats/tensors/safetensors';

export const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
export const bytes = (content: string) => new TextEncoder().encode(content);
export const big = new Uint8Array(8 * 1024 * 1024).fill(7);
export const weights = writeSafetensors([
  ['big', { dtype: 'I64', shape: [big.length / 8], bytes: big }],
  ['small', { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) }],
]);

export async function errorOf(promise: Promise<unknown>): Promise<WebVeraError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WebVeraError);
  return error as WebVeraError;
}

export async function names(source: FileSource): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of readWeights(source)) found.push(name);
  return found;
}
