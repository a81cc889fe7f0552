import type { AdapterSource } from 'webvera';

/** A voice that ships with the page: an adapter over each model that has voices. */
export interface ShippedVoice {
  readonly key: string;
  readonly name: string;
  /** The text that it was trained on. */
  readonly from: string;
  /** Words that show it best. */
  readonly opening: string;
}

/** public/voices/README.md names their sources. */
export const shippedVoices: readonly [ShippedVoice, ...ShippedVoice[]] = [
  { key: 'stage', name: 'The stage', from: 'Shakespeare’s plays', opening: 'It was a cold morning, and the king' },
  { key: 'scripture', name: 'Scripture', from: 'the King James Bible', opening: 'And in the morning the king' },
  { key: 'whaler', name: 'The whaler', from: 'Moby-Dick', opening: 'It was a cold morning, and the captain' },
];

/** The key of a voice that this browser stores under an id. */
export function ownKey(id: string): string {
  return `own:${id}`;
}

/** The id of a stored voice; undefined for a voice that ships with the page. */
export function ownId(key: string): string | undefined {
  return key.startsWith('own:') ? key.slice(4) : undefined;
}

/** The source of a voice, for loading it. `folder`: the folder of the shipped voices over the model. */
export function sourceOf(key: string, folder: URL | undefined): AdapterSource {
  const id = ownId(key);
  return id === undefined ? new URL(`${key}/`, folder) : { id };
}

/** A voice's name for visitors. That of a stored one may come from a stranger's file. */
export function nameOf(key: string): string {
  return ownId(key) ?? shippedVoices.find((voice) => voice.key === key)?.name ?? key;
}
