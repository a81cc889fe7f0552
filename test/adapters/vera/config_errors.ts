import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

interface Situation {
  readonly situation: string;
  readonly error?: { readonly message: string };
  readonly warnings?: readonly string[];
}

const { rows } = JSON.parse(readFileSync('test/golden/errors.json', 'utf8')) as {
  rows: readonly Situation[];
};

/** Returns PEFT's error message and warnings for a situation of the golden file. */
export function peft(situation: string): { readonly message: string; readonly warnings: readonly string[] } {
  const row = rows.find((candidate) => candidate.situation === situation);
  if (row === undefined) throw new Error(`no such situation: ${situation}`);
  const warnings = (row.warnings ?? []).map((warning) => warning.replace(/^UserWarning: /, ''));
  return { message: row.error?.message ?? 'no error', warnings };
}

export const invalid = (message: string) =>
  expect.objectContaining({ name: 'WebVeraError', code: 'invalid_argument', message });

export const DEFAULTS = {
  auto_mapping: null,
  base_model_name_or_path: null,
  bias: 'none',
  d_initial: 0.1,
  fan_in_fan_out: false,
  inference_mode: false,
  init_weights: true,
  layers_pattern: null,
  layers_to_transform: null,
  modules_to_save: null,
  peft_type: 'VERA',
  projection_prng_key: 0,
  r: 256,
  revision: null,
  save_projection: true,
  target_modules: null,
  task_type: null,
  use_dora: false,
  vera_dropout: 0,
};
