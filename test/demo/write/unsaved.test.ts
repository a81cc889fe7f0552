import { afterEach, expect, test, vi } from 'vitest';
import { AutoModelForCausalLM } from 'webvera';
import type { Question } from '../../../demo/src/page/confirm';
import type { HeldVoice } from '../../../demo/src/write/state';

vi.stubGlobal('document', { baseURI: 'https://demo.example/' });
const { bundledModel } = await import('../../../demo/src/library/model_files');
const { Store } = await import('../../../demo/src/page/store');
const { askBeforeLeaving } = await import('../../../demo/src/write/kept/ask_before_leaving');
const { Models } = await import('../../../demo/src/write/model/models');
const { Rack } = await import('../../../demo/src/write/rack');
const { initialState } = await import('../../../demo/src/write/state');

afterEach(() => {
  vi.restoreAllMocks();
});

const held = (...ids: string[]) => ids.map((id) => ({ id, adapted: {} }) as unknown as HeldVoice);

/** Opens a page with these unsaved voices (adapters). The visitor gives the same answer to every question. */
function openPage(unsaved: readonly HeldVoice[], answer: boolean) {
  const store = new Store({ ...initialState, unsaved });
  const sessions = { get: async () => ({}) } as unknown as ConstructorParameters<typeof Models>[1];
  const asked: Question[] = [];
  const ask = async (question: Question) => {
    asked.push(question);
    return answer;
  };
  const models = new Models(store, sessions, new Rack(store, sessions), { ask });
  const load = vi.spyOn(AutoModelForCausalLM, 'from_pretrained');
  load.mockResolvedValue({ dispose: async () => {} } as unknown as Awaited<ReturnType<typeof load>>);
  return { store, models, asked, load };
}

test('another model is loaded over unsaved voices only if the visitor agrees', async () => {
  const refusing = openPage(held('a', 'b'), false);
  await expect(refusing.models.load(bundledModel)).rejects.toThrow(DOMException);
  expect(refusing.asked.map(({ text }) => text)).toEqual([
    '“a” and “b” are not saved, and are lost with the model in use. Save or download them first.',
  ]);
  expect(refusing.load).not.toHaveBeenCalled();
  expect(refusing.store.value).toMatchObject({ loading: undefined, model: undefined });
  expect(refusing.store.value.unsaved).toHaveLength(2);

  const agreeing = openPage(held('a'), true);
  await agreeing.models.load(bundledModel);
  expect(agreeing.asked[0]?.text).toBe(
    '“a” is not saved, and is lost with the model in use. Save or download it first.',
  );
  expect(agreeing.store.value.unsaved).toEqual([]);
});

test('a model is loaded without a question if all voices are saved', async () => {
  const { models, asked, store } = openPage([], false);
  await models.load(bundledModel);
  expect(asked).toEqual([]);
  expect(store.value.model?.name).toBe(bundledModel.name);
});

test('the browser asks before a page is left whose voices are unsaved, or in memory only', () => {
  const page = new EventTarget();
  vi.stubGlobal('window', page);
  const store = new Store(initialState);
  askBeforeLeaving({ store });
  const asks = (): boolean => !page.dispatchEvent(new Event('beforeunload', { cancelable: true }));
  expect(asks()).toBe(false);
  store.set({ unsaved: held('a') });
  expect(asks()).toBe(true);
  store.set({ unsaved: [] });
  expect(asks()).toBe(false);
  const saved = [{ id: 'a' }] as unknown as typeof initialState.saved;
  store.set({ saved });
  expect(asks()).toBe(false);
  store.set({ isMemoryOnly: true });
  expect(asks()).toBe(true);
  store.set({ saved: [] });
  expect(asks()).toBe(false);
});
