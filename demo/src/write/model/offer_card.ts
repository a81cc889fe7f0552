import { formatBytes } from '../../../../src/parts/words';
import { act } from '../../page/act';
import { announce } from '../../page/announcer';
import { byId, onClick, setText, show } from '../../page/dom';
import { formatDuration } from '../../page/format';
import type { App } from '../app';
import { canStart } from '../state';
import type { PairCard } from '../try/pair_card';

/** A larger model on the page's own server: an entry of models/offers.json, which `npm run site -- --larger` writes. */
interface Offer {
  readonly name: string;
  /** The folder below models/. */
  readonly folder: string;
  readonly gguf_file: string;
  readonly bytes: number;
}

/** 50 Mbit/s, the connection for which the page states a time. */
const BYTES_PER_SECOND = 50e6 / 8;

/** Offers a larger model where a graphics card computes, if the site has one. */
export async function offerCard({ store, models, banner }: App, pair: PairCard): Promise<void> {
  const response = await fetch('models/offers.json').catch(() => undefined);
  const [offer] = response?.ok === true ? ((await response.json()) as readonly Offer[]) : [];
  if (offer === undefined) return;
  const { name, folder, gguf_file, bytes } = offer;
  const button = byId('offer-take', 'button');
  const time = formatDuration(bytes / BYTES_PER_SECOND);
  setText(
    byId('offer-text', 'p'),
    `${name} has a hundred times as many numbers, and writes sentences. It has ${formatBytes(bytes)}: ${time} at 50 Mbit/s, once. This browser stores it for the next visit. It has learnt no voices yet: teach it yours.`,
  );
  onClick(button, async () => {
    await pair.stop();
    let isLoaded = false;
    await act({ store, banner }, async () => {
      await models.load({ name, gguf_file, source: new URL(`models/${folder}/`, document.baseURI) });
      isLoaded = true;
      announce(`The model ${name} is ready.`);
    });
    if (isLoaded) void pair.write();
  });
  store.watch((state) => {
    const { device, model, isSealed } = state;
    show(byId('offer', 'div'), device?.usable === true && !device.software && model?.name !== name && !isSealed);
    button.disabled = !canStart(state);
  });
}
