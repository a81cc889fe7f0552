import { formatBytes } from '../../../../src/parts/words';
import { act } from '../../page/act';
import { announce } from '../../page/announcer';
import { byId, onClick, setText, show } from '../../page/dom';
import { landOn } from '../../page/focus';
import { formatDuration } from '../../page/format';
import type { App } from '../app';
import { canStart } from '../state';
import type { PairCard } from '../try/pair_card';

/** A larger model on the page's own server: an entry of models/offers.json, which `npm run site -- --larger` writes. */
interface Offer {
  readonly name: string;
  /** The folder below models/. */
  readonly folder: string;
  /** The file's name, if the model is one GGUF file. */
  readonly gguf_file?: string;
  readonly bytes: number;
  /** The bytes of each voice (an adapter that writes in somebody's style). The model's voices are below `voices/` in its folder. */
  readonly voice_bytes: number;
}

/** 50 Mbit/s, the speed for which the page states the time of the download. */
const BYTES_PER_SECOND = 50e6 / 8;

/** Offers a larger model, if the site has one and the visitor's device is a graphics card. */
export async function offerCard({ store, models, banner }: App, pair: PairCard): Promise<void> {
  const response = await fetch('models/offers.json').catch(() => undefined);
  // Some servers answer with a page in place of a missing file.
  const offers: readonly Offer[] = response?.ok === true ? await response.json().catch(() => []) : [];
  const [offer] = offers;
  if (offer === undefined) return;
  const { name, folder, bytes, voice_bytes } = offer;
  const source = new URL(`models/${folder}/`, document.baseURI);
  const voices = { folder: new URL('voices/', source), bytes: voice_bytes };
  const button = byId('offer-take', 'button');
  const time = formatDuration(bytes / BYTES_PER_SECOND);
  setText(
    byId('offer-text', 'p'),
    `${name} has a hundred times as many numbers, and writes sentences. It has ${formatBytes(bytes)}: ${time} at 50 Mbit/s, once. This browser stores it for the next visit. It has learnt the same voices.`,
  );
  onClick(button, async () => {
    let isLoaded = false;
    await act({ store, banner }, async () => {
      await pair.stop();
      await models.load({ ...(offer.gguf_file && { gguf_file: offer.gguf_file }), name, source, voices });
      isLoaded = true;
      announce(`The model ${name} is ready.`);
    });
    if (!isLoaded) return;
    landOn(byId('write', 'button')); // the button is hidden now
    void pair.write();
  });
  store.watch((state) => {
    const { device, source: used, isSealed } = state;
    show(byId('offer', 'div'), device?.usable === true && !device.software && used.name !== name && !isSealed);
    button.disabled = !canStart(state);
  });
}
