import { expect, test } from 'vitest';
import { LoraConfig } from '../../../src/index';
import { resolveBatchConfig } from '../../../src/page/models/remote_generation';
import { partsKey } from '../../../src/page/models/remote_model';
import { classifierLoadOptions } from '../../../src/page/models/source_options';
import { noData } from '../../../src/page/profile/feedback/feedback';
import type { ProfileHost } from '../../../src/page/profile/host';
import { freshState, learnArguments, usualSettings, withSettings } from '../../../src/page/profile/open';
import type { ProfileSettings, ProfileState } from '../../../src/page/profile/storage/record';
import { copied } from '../../../src/page/session/options';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';

/** Wraps a value, and all lists and objects in it, in proxies, as Svelte's `$state` and Vue's `reactive` do. */
function reactive<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  const inner = Object.entries(value).map(([name, entry]) => [name, reactive(entry)] as const);
  return new Proxy(Array.isArray(value) ? inner.map(([, entry]) => entry) : Object.fromEntries(inner), {}) as T;
}

const host = { base: { [partsKey]: { info: { task: { trainsHead: {} } } } } } as unknown as ProfileHost;
const state = freshState({ settings: usualSettings } as ProfileState);
const rank_pattern = { q_proj: 4 };
const peft_config = { peft_type: 'LORA', rank_pattern } as const;
const lora = freshState({ settings: { ...usualSettings, peft_config } as ProfileSettings } as ProfileState);
const classWeights = { spam: 5 };
const id2label = { 0: 'ham', 1: 'spam' };

test.each<[string, (wrap: <T>(value: T) => T) => unknown]>([
  ['labels of a classifier', (wrap) => classifierLoadOptions(wrap({ id2label }))],
  ['a list of labels', (wrap) => classifierLoadOptions({ id2label: wrap(['ham', 'spam']) })],
  ['hashes', (wrap) => classifierLoadOptions({ integrity: wrap({ 'model.safetensors': 'a'.repeat(64) }) })],
  ['arguments of a run', (wrap) => resolveTrainingArguments(wrap({ classWeights }))],
  [
    'the settings of a profile',
    (wrap) => withSettings(host, state, noData, wrap({ args: { classWeights } })).state.settings,
  ],
  [
    'the configuration of a profile on a later visit',
    (wrap) =>
      withSettings(host, lora, noData, { peft_config: wrap({ peft_type: 'LORA', rank_pattern }) }).state.settings,
  ],
  ['a configuration', (wrap) => ({ ...new LoraConfig({ rank_pattern: wrap(rank_pattern) }) })],
  ['the arguments of learn', (wrap) => learnArguments(usualSettings, wrap({ args: { classWeights } }))],
  [
    'generation',
    (wrap) => resolveBatchConfig(wrap({ eos_token_id: [1, 2], stop_strings: ['.'], adapter_names: ['a'] })),
  ],
])('%s in reactive state are sent as plain data', (_, send) => {
  expect(() => structuredClone(reactive({ list: [1] }))).toThrow(/could not be cloned/);
  expect(structuredClone(send(reactive))).toEqual(send((value) => value));
});

test('objects of classes are not copied', () => {
  const signal = new AbortController().signal;
  const given = { signal, list: [new Map()], none: null };
  const copy = copied(given);
  expect(copy).toEqual(given);
  expect(copy.list).not.toBe(given.list);
  expect([copy.signal, copy.list[0]]).toEqual([signal, given.list[0]]);
  expect(copy.signal).toBe(signal);
});
