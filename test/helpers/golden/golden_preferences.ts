import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { writeSafetensors } from '../../../src/formats/tensors/safetensors';
import {
  type AdapterFiles,
  AutoModelForCausalLM,
  PeftModel,
  type PreferenceExample,
  type PreTrainedModel,
  type RatedExample,
  type StepLogs,
  VeraConfig,
  type VeraModel,
} from '../../../src/index';
import { createTokenizer, type TextTokenizer } from '../../../src/tokenizer/tokenizer';
import { type TestSession, vectorsOf } from '../session/session';
import { goldenBase } from './golden';

/** A training run of TRL's DPO or KTO trainer, with its results. */
export interface GoldenPreferenceRun {
  readonly base: string;
  readonly config: { readonly r: number; readonly target_modules: readonly string[] };
  readonly args: Readonly<Record<string, number | string>>;
  readonly start: Readonly<Record<string, readonly number[]>>;
  /** Log probabilities of the training sequences: `policy` with the adapter's initial vectors, `reference` from the base model alone. */
  readonly logps: { readonly policy: readonly number[]; readonly reference: readonly number[] };
  readonly logs: readonly Readonly<Record<string, number>>[];
  readonly final: Readonly<Record<string, readonly number[]>>;
  readonly tolerance: { readonly logs_relative: number; readonly final: number };
}

interface GoldenPreferences<Made extends PreferenceExample | RatedExample> {
  readonly max_length: number;
  readonly examples: readonly Made[];
  /** The tokens of the examples, as TRL encodes them. */
  readonly tokens: readonly Readonly<Record<string, readonly number[]>>[];
  readonly rows: readonly GoldenPreferenceRun[];
}

const read = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../../golden/${name}`, import.meta.url), 'utf8')) as T;

export const goldenDpo = read<
  GoldenPreferences<PreferenceExample> & { readonly files: Readonly<Record<string, object>> }
>('dpo.json');
export const goldenKto = read<GoldenPreferences<RatedExample>>('kto.json');

/** Makes the tokenizer with which TRL encoded the golden texts. */
export function goldenTexts(): TextTokenizer {
  const [json, config] = ['tokenizer.json', 'tokenizer_config.json'].map((name) =>
    JSON.stringify(goldenDpo.files[name]),
  );
  return createTokenizer(json ?? '', config ?? '', { vocabSize: 96 });
}

/** Returns a golden base model's files, and the files of the golden texts' tokenizer, which has as many tokens as the model. */
export function baseWithTexts(base: string): { readonly files: Map<string, Blob> } {
  const tokenizer = Object.entries(goldenDpo.files).map(([name, json]): [string, Blob] => [
    name,
    new Blob([JSON.stringify(json)]),
  ]);
  return { files: new Map([...goldenBase(`base/${base}`).files, ...tokenizer]) };
}

/** Loads the base model of a run, with the tokenizer. */
export function loadTexts({ session }: TestSession, base = 'llama'): Promise<PreTrainedModel> {
  return AutoModelForCausalLM.from_pretrained(baseWithTexts(base), { session });
}

/** Loads a run's base model, with an adapter that has the run's initial vectors. */
export async function loadPreferring(
  opened: TestSession,
  { base, config, start }: Pick<GoldenPreferenceRun, 'base' | 'config' | 'start'>,
): Promise<VeraModel> {
  const adapter = new VeraConfig({ ...config, target_modules: [...config.target_modules], save_projection: false });
  const tensors = Object.entries(start).map(([name, numbers]) => {
    const bytes = new Uint8Array(Float32Array.from(numbers).buffer);
    return [name, { dtype: 'F32', shape: [numbers.length], bytes }] as const;
  });
  const files = {
    'adapter_config.json': new Blob([JSON.stringify(adapter)]),
    'adapter_model.safetensors': new Blob([writeSafetensors(new Map(tensors))]),
  };
  const model = await PeftModel.from_pretrained(await loadTexts(opened, base), files, { is_trainable: true });
  return model as VeraModel;
}

/** Fails unless a run's logs (`found`), and the vectors of the trained adapter, equal TRL's. */
export async function expectGolden(
  { logs, final, tolerance }: GoldenPreferenceRun,
  adapter: AdapterFiles,
  found: readonly StepLogs[],
): Promise<void> {
  expect(found).toHaveLength(logs.length);
  for (const [step, expected] of logs.entries()) {
    const own = found[step] as unknown as Readonly<Record<string, number>>;
    for (const [name, number] of Object.entries(expected)) {
      const allowed = tolerance.logs_relative * Math.max(1, Math.abs(number));
      const what = `${name} of step ${step + 1}: ${own[name]} for ${number}`;
      expect(Math.abs((own[name] ?? Number.NaN) - number), what).toBeLessThan(allowed);
    }
  }
  const vectors = await vectorsOf(adapter);
  for (const [name, numbers] of Object.entries(final)) {
    const own = vectors.get(name);
    expect(own).toHaveLength(numbers.length);
    for (const [index, number] of numbers.entries()) {
      expect(Math.abs((own?.[index] ?? Number.NaN) - number), `${name}[${index}]`).toBeLessThan(tolerance.final);
    }
  }
}
