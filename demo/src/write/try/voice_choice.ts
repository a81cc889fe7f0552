import { formatBytes } from '../../../../src/parts/words';
import { byId, create, newButton, setText } from '../../page/dom';
import { KeyedRows } from '../../page/keyed_rows';
import type { App } from '../app';
import { type AppState, voiceKeys, voiceOf, whereKept } from '../state';
import { nameOf, shippedVoices } from '../voices';

/** Shows the voices (adapters that write in somebody's style) as buttons. `onChosen` is called when a visitor chooses another one. */
export function voiceChoice({ store }: App, onChosen: (key: string) => void): void {
  const list = byId('voices', 'ul');
  const rows = new KeyedRows<string, AppState>(list, (key) => {
    const button = newButton(nameOf(key), () => {
      if (voiceOf(store.value) === key) return;
      store.set({ voice: key });
      onChosen(key);
    });
    const root = create('li', {}, button);
    root.dataset.voice = key;
    return {
      root,
      update: (state) => {
        button.setAttribute('aria-pressed', String(voiceOf(state) === key));
        button.disabled = state.phase !== 'idle';
      },
    };
  });
  store.watch((state) => {
    rows.show(new Map(voiceKeys(state).map((key) => [key, state])));
    const from = shippedVoices.find(({ key }) => key === voiceOf(state))?.from;
    const size = formatBytes(state.source.voices?.bytes ?? 0);
    const own = voiceOf(state) === undefined ? '' : `Kept ${whereKept(state)}.`;
    const text = from === undefined ? own : `Learnt from ${from}: a file of ${size}.`;
    setText(byId('voice-from', 'p'), text);
  });
}
