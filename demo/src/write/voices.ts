import type { AdapterSource } from 'webvera';

/** A voice (a style that adapters have learnt to write in) that ships with the page, with an adapter for each model that has voices. */
export interface ShippedVoice {
  readonly key: string;
  readonly name: string;
  /** The name of the text that the voice was trained on. */
  readonly from: string;
  /** The beginning of a text that shows the voice best. */
  readonly opening: string;
}

/** The voices that ship with the page. public/voices/README.md names the texts' sources. */
export const shippedVoices: readonly [ShippedVoice, ...ShippedVoice[]] = [
  { key: 'stage', name: 'The stage', from: 'Shakespeare’s plays', opening: 'It was a cold morning, and the king' },
  { key: 'scripture', name: 'Scripture', from: 'the King James Bible', opening: 'And in the morning the king' },
  { key: 'whaler', name: 'The whaler', from: 'Moby-Dick', opening: 'It was a cold morning, and the captain' },
];

/** Returns the key of a voice that this browser stores under an id. */
export function ownKey(id: string): string {
  return `own:${id}`;
}

/** Returns the id of a stored voice; undefined for a voice that ships with the page. */
export function ownId(key: string): string | undefined {
  return key.startsWith('own:') ? key.slice(4) : undefined;
}

/** Returns the source from which a voice's adapter is loaded. `folder`: the folder of the voices that ship for the model. */
export function sourceOf(key: string, folder: URL | undefined): AdapterSource {
  const id = ownId(key);
  return id === undefined ? new URL(`${key}/`, folder) : { id };
}

/** Returns a voice's name for visitors. The name of a stored voice may come from a stranger's file. */
export function nameOf(key: string): string {
  return ownId(key) ?? shippedVoices.find((voice) => voice.key === key)?.name ?? key;
}
