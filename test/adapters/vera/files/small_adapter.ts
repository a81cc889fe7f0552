import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { readAdapterModel } from '../../../../src/adapters/files/read_adapter';
import { type RawTensor, writeSafetensors } from '../../../../src/formats/tensors/safetensors';
import { type VeraFile, veraExpected } from './vera_expected';

/** A small adapter for tests that damage its file. */

export const f32 = (shape: readonly number[], value: (i: number) => number = (i) => i / 8): RawTensor => {
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i));
  return { dtype: 'F32', shape, bytes: new Uint8Array(data.buffer) };
};
/** The common prefix of the names of the small adapter's vectors. */
export const Q = 'base_model.model.h.q.vera_lambda_';
export const small = (): Map<string, RawTensor> =>
  new Map([
    [`${Q}b`, f32([3])],
    [`${Q}d`, f32([2])],
    ['base_model.vera_A', f32([2, 4])],
    ['base_model.vera_B', f32([3, 2])],
  ]);
export const expected: VeraFile = {
  save_projection: true,
  r: 2,
  max_in: 4,
  max_out: 3,
  vectors: new Map([
    [`${Q}b`, [3]],
    [`${Q}d`, [2]],
  ]),
};
const { rows } = JSON.parse(readFileSync('test/golden/errors.json', 'utf8')) as {
  rows: { situation: string; error?: { message: string }; warnings?: string[] }[];
};
/** Returns the golden row of a situation: PEFT's error message and warnings. */
export const situation = (name: string) => rows.find((row) => row.situation === name);

/** Reads an adapter file, and collects the warnings. */
export function read(tensors: Map<string, RawTensor>, changes: Partial<VeraFile> = {}) {
  const warnings: string[] = [];
  const warn = ({ message }: { message: string }) => warnings.push(message);
  const result = readAdapterModel(writeSafetensors(tensors), veraExpected({ ...expected, ...changes }), { warn });
  return { ...result, warnings };
}

export const malformed = (message: string) =>
  expect.objectContaining({ name: 'WebVeraError', code: 'invalid_format', message });
