import { expect } from 'vitest';
import {
  AutoModelForCausalLM,
  type ModelInputs,
  type PreTrainedModel,
  VeraConfig,
  type VeraConfigInit,
  VeraModel,
} from '../../../src/index';
import { largestDifference } from '../../helpers/golden/golden';
import { randomAdapter } from '../../helpers/models/random_adapter';
import { tinyFiles, tinyRow } from '../../helpers/models/tiny_llama';
import type { TidySession } from '../../helpers/session/tidy_session';

export const BASE = '__base__';
export const T = 14;
/** Returns a row of tokens that are in the vocabulary of all models here. */
export const rowOf = (seed: number, length = T) => tinyRow(length, 20 + seed).input_ids;
export const ids = (count: number) => Array.from({ length: count }, (_, seed) => rowOf(seed));

/** Configurations with different keys, ranks (also odd ranks) and target modules; a6 shares A and B with a1. */
export const configs: Readonly<Record<string, VeraConfigInit>> = {
  a0: { r: 8, target_modules: ['q_proj', 'v_proj'] },
  a1: { r: 8, target_modules: ['q_proj', 'v_proj'], projection_prng_key: 7 },
  a2: { r: 3, target_modules: 'all-linear' },
  a3: { r: 16, target_modules: ['down_proj'], projection_prng_key: 7, save_projection: false },
  a4: { r: 8, target_modules: ['q_proj', 'k_proj', 'up_proj'], layers_to_transform: [1] },
  a5: { r: 8, target_modules: ['gate_proj', 'down_proj', 'o_proj'] },
  a6: { r: 8, target_modules: ['q_proj', 'v_proj'], projection_prng_key: 7, vera_dropout: 0.5 },
  a7: { r: 5, target_modules: ['o_proj'], projection_prng_key: 9 },
};
export const NAMES = Object.keys(configs);

/** Loads a tiny Llama, and adds an adapter for each configuration. */
export async function loadAll({ opened, keep }: TidySession): Promise<VeraModel> {
  const base = await keep(AutoModelForCausalLM.from_pretrained(tinyFiles(), { session: opened.session }));
  return withAdapters(base, configs);
}

export async function withAdapters(
  base: PreTrainedModel,
  inits: Readonly<Record<string, VeraConfigInit>>,
): Promise<VeraModel> {
  let model: VeraModel | undefined;
  for (const [index, [adapter_name, init]] of Object.entries(inits).entries()) {
    const files = await randomAdapter(base, new VeraConfig(init), 1 + index);
    if (model === undefined) {
      model = await VeraModel.from_pretrained(base, files, { adapter_name, is_trainable: true });
    } else {
      await model.load_adapter(files, adapter_name, { is_trainable: true });
    }
  }
  return model!;
}

/** Returns a batch's logits, split into rows. */
export async function rowsOf(model: PreTrainedModel, inputs: ModelInputs): Promise<Float32Array[]> {
  const { dims, data } = (await model.forward(inputs)).logits;
  const size = dims[1]! * dims[2]!;
  return Array.from({ length: dims[0]! }, (_, row) => data.slice(row * size, (row + 1) * size));
}

type Matrix = readonly (readonly number[])[];
interface Rows {
  readonly input_ids: Matrix;
  readonly attention_mask?: Matrix;
  readonly labels?: Matrix;
}

/** Computes each row alone, with its adapter active. Returns logits and losses. */
export async function oneByOne(
  model: VeraModel,
  names: readonly string[],
  inputs: Rows,
): Promise<{ logits: Float32Array; loss: number | undefined }[]> {
  const before = model.active_adapters;
  const rows: { logits: Float32Array; loss: number | undefined }[] = [];
  for (const [row, name] of names.entries()) {
    const { input_ids, ...others } = inputs;
    const single = {
      input_ids: [input_ids[row]!],
      ...Object.fromEntries(Object.entries(others).map(([key, matrix]) => [key, [matrix[row]!]])),
    };
    if (name !== BASE) await model.set_adapter(name);
    const run = () => model.forward(single);
    const { logits, loss } = name === BASE ? await model.disable_adapter(run) : await run();
    rows.push({ logits: logits.data, loss });
  }
  await model.set_adapter(before);
  return rows;
}

/**
 * A mixed batch adds the same adapter outputs to the same layer outputs, but its kernels sum in another order. The order
 * changes values near 10 by some 1e-6 in each layer. A row with a wrong adapter would differ by more than 0.01.
 */
export const TOLERANCE = 1e-5;

export function expectRows(
  rows: readonly Float32Array[],
  singles: readonly { logits: Float32Array }[],
  mask?: number[][],
) {
  const where = (row: number) => (index: number) =>
    mask === undefined || mask[row]![Math.floor((index * T) / rows[row]!.length)] === 1;
  rows.forEach((logits, row) => {
    const size = singles[row]!.logits.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
    const worst = largestDifference(logits, singles[row]!.logits, where(row));
    expect(worst, `row ${row}`).toBeLessThanOrEqual(TOLERANCE * size);
    singles.forEach((other, at) => {
      if (at === row || other.logits === singles[row]!.logits) return;
      expect(largestDifference(logits, other.logits, where(row)), `row ${row} as row ${at}`).toBeGreaterThan(0.01);
    });
  });
}
