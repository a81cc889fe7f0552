import { act } from '../../page/act';
import { announce } from '../../page/announcer';
import { byId, onClick, setText } from '../../page/dom';
import { landOn } from '../../page/focus';
import type { App } from '../app';
import { canStart } from '../state';
import { shippedVoices } from '../voices';
import type { PairCard } from './pair_card';

const SEALED = 'Cut off. What reads your text and computes has no network any more, and goes on working.';

/** Cuts the session's worker off from the network, once the model and its voices (adapters) are loaded. */
export function sealButton(app: App, pair: PairCard): void {
  const { store, sessions, models, rack } = app;
  const button = byId('seal', 'button');
  onClick(button, async () => {
    await pair.stop();
    await act(app, async () => {
      const model = await models.ready();
      const keys = model.voices === undefined ? [] : shippedVoices.map(({ key }) => key);
      await Promise.all(keys.map((key) => rack.on(model, key)));
      await (await sessions.get()).seal();
      store.set({ isSealed: true });
      announce(SEALED);
    });
    landOn(byId('seal-note', 'span')); // the button is disabled now
  });
  store.watch((state) => {
    button.disabled = state.isSealed || !canStart(state);
    setText(byId('seal-note', 'span'), state.isSealed ? SEALED : '');
  });
}
