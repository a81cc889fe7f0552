import { formatBytes } from '../../parts/words';
import { create, quiet, setText, show, slot, stack } from './panel_elements';
import type { Region } from './region';

/** Creates the region for messages: the last error with its hint, a missing GPU, or a note that the profile was forgotten. */
export function messageRegion(): Region {
  const text = create('p');
  const hint = quiet();
  const reason = quiet();
  const needed = 'It needs WebGPU, with which pages compute on the graphics card, and there is none here.';
  const box = create('div', { attributes: { part: 'message', role: 'alert' } }, text, hint);
  const unsupported = stack('unsupported', slot('unsupported', create('p', {}, needed)), reason);
  return {
    root: create('div', { className: 'messages' }, unsupported, box),
    update({ learner: { status }, trouble }) {
      show(unsupported, trouble !== undefined);
      setText(reason, trouble === undefined ? '' : `${trouble.message}. ${trouble.hint}`);
      const error = status.error === trouble ? undefined : status.error;
      box.classList.toggle('bad', error !== undefined);
      setText(text, error?.message ?? noteOf(status.forgotten));
      setText(hint, error?.hint ?? '');
      show(hint, hint.textContent !== '');
      show(box, text.textContent !== '');
    },
    landing: () => undefined,
  };
}

function noteOf(forgotten: { readonly bytes: number | undefined } | undefined): string {
  if (forgotten === undefined) return '';
  const how =
    forgotten.bytes === undefined
      ? 'It was forgotten in another tab.'
      : `Forgotten: ${formatBytes(forgotten.bytes)} are deleted.`;
  return `${how} It begins anew with what you teach it next.`;
}
