import { expect, test, vi } from 'vitest';
import type { AppState, ReadyModel } from '../../../demo/src/write/state';

vi.stubGlobal('document', { baseURI: 'https://demo.example/' });
const { initialState, missingToGoOn, voiceKeys, voiceOf, withModel } = await import('../../../demo/src/write/state');
const { shippedVoices } = await import('../../../demo/src/write/voices');

const shipped = shippedVoices.map(({ key }) => key);
const saved = [
  { id: 'small', base_model: 'models/prose-1.4M', bytes: 1, created_at: 3 },
  { id: 'large', base_model: 'Larger', bytes: 1, created_at: 2 },
  { id: 'unknown', base_model: null, bytes: 1, created_at: 1 },
] as unknown as AppState['saved'];
const state: AppState = { ...initialState, saved };
const larger = { name: 'Larger', source: new URL('https://demo.example/larger/'), base: {} } as unknown as ReadyModel;

test('the voices to choose from are those that fit the model, and the chosen one', () => {
  expect(voiceKeys(state)).toEqual(['own:small', 'own:unknown', ...shipped]);
  expect(voiceKeys({ ...state, ...withModel(state, larger) })).toEqual(['own:large', 'own:unknown']);
  expect(voiceKeys({ ...state, voice: 'own:large' })).toEqual(['own:small', 'own:large', 'own:unknown', ...shipped]);
});

test('with another model, a chosen voice of the model before is chosen no more', () => {
  const after = (voice: string) => voiceOf({ ...state, voice, ...withModel({ ...state, voice }, larger) });
  expect(after('own:small')).toBeUndefined();
  expect(after('own:large')).toBe('own:large');
  expect(after('own:unknown')).toBe('own:unknown');
});

test('a model that the GPU has lost is still the one in use', () => {
  const { source }: AppState = { ...state, ...withModel(state, larger), model: undefined };
  expect(source).toEqual({ name: 'Larger', source: larger.source });
});

test('to go on, the visitor chooses the chat of a text again', () => {
  const corpus = { name: 'Ann.txt', bytes: 7, origin: 'chat.txt (Ann)' };
  const interrupted = { name: 'Ann', model: 'Larger', corpus, step: 3 } as unknown as NonNullable<
    AppState['interrupted']
  >;
  expect(missingToGoOn({ ...state, interrupted })).toEqual(['Larger', 'chat.txt (Ann)']);
  const chosen = { name: 'Ann.txt', blob: new Blob(['message']), origin: 'chat.txt (Ann)' };
  expect(missingToGoOn({ ...state, ...withModel(state, larger), interrupted, corpus: chosen })).toEqual([]);
});
