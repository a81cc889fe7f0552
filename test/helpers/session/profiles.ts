import { expect } from 'vitest';
import { type Example, Profile, type ProfileOptions } from '../../../src/index';
import { idsOf } from '../generated_ids';
import { bytesOf, type TestSession, within } from './session';

const args = { max_steps: 4, per_device_train_batch_size: 2, learning_rate: 0.05 } as const;
export const profileOptions: ProfileOptions = { peft_config: { r: 8 }, args };

const WEIGHTS = 'adapter_model.safetensors';
const prompt = [5, 6, 7, 8];

/** Creates rows with a pattern that can be learnt: each token id is the previous one plus `stride`, modulo 29. */
export function habit(stride: number, rows = 12): Example[] {
  return Array.from({ length: rows }, (_, row) => ({
    input_ids: Array.from({ length: 8 + row }, (_, t) => 3 + ((7 * row + stride * t) % 29)),
  }));
}

/** Runs `body` with a session that uses the browser's storage. */
export function visit<T>(body: (opened: TestSession) => Promise<T>): Promise<T> {
  return within({ store: 'auto' }, body);
}

export async function weightsOf(profile: Profile): Promise<Uint8Array> {
  const blob = (await profile.export()).get(WEIGHTS);
  expect(blob).toBeDefined();
  return bytesOf(blob as Blob);
}

/** Returns the token ids that a profile generates. */
export async function writingOf(profile: Profile, seed = 3): Promise<number[]> {
  const config = { max_new_tokens: 12, do_sample: true, seed, eos_token_id: null };
  return idsOf(profile.generate(prompt, config));
}

/** Returns the token ids that several profiles generate in one batch. */
export async function writingsOf(profiles: readonly Profile[]): Promise<number[][]> {
  const texts: number[][] = profiles.map(() => []);
  const rows = profiles.map((profile) => ({ profile, input: prompt }));
  const config = { max_new_tokens: 12, do_sample: true, seed: 3, eos_token_id: null };
  for await (const { row, token_id } of Profile.generate_batch(rows, config)) texts[row]?.push(token_id);
  return texts;
}

/** Resolves at the profile's next event of this type. */
export function heard(profile: Profile, type: 'change' | 'forgotten'): Promise<void> {
  return new Promise((resolve) => profile.addEventListener(type, () => resolve(), { once: true }));
}

/** Returns all entries of the browser's storage. */
export async function stored(): Promise<Map<string, unknown>> {
  const open = indexedDB.open('webvera');
  const database = await new Promise<IDBDatabase>((resolve) => {
    open.onsuccess = () => resolve(open.result);
  });
  const store = database.transaction('values').objectStore('values');
  const [keys, values] = [store.getAllKeys(), store.getAll()];
  await new Promise((resolve) => {
    values.onsuccess = resolve;
  });
  database.close();
  return new Map(keys.result.map((key, index) => [String(key), values.result[index]]));
}

/** Returns the keys of all stored checkpoints. */
export async function storedCheckpoints(): Promise<string[]> {
  return [...(await stored()).keys()].filter((key) => key.startsWith('checkpoint'));
}
