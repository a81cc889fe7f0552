import { checkSettings, type RawSettings, type Settings } from './settings';

/** A training run that was interrupted, because the page or the session ended. */
export interface Interrupted {
  /** The adapter's name. */
  readonly name: string;
  readonly model: string;
  readonly corpus: { readonly name: string; readonly bytes: number; readonly origin?: string };
  readonly settings: Settings;
  /** The last stored step. */
  readonly step: number;
}

const KEY = 'webvera:interrupted';

/** Stores the training run's data. Does nothing if the browser refuses storage. */
export function remember(run: Interrupted): void {
  attempt(() => localStorage.setItem(KEY, JSON.stringify(run)));
}

export function forget(): void {
  attempt(() => localStorage.removeItem(KEY));
}

/** The stored run; undefined if there is none, or if it is malformed. */
export function recall(): Interrupted | undefined {
  const run = attempt(() => JSON.parse(localStorage.getItem(KEY) ?? 'null') as Partial<Interrupted> | null);
  const { name, model, corpus, settings, step } = run ?? {};
  if (typeof name !== 'string' || typeof model !== 'string' || typeof corpus?.name !== 'string') return undefined;
  if (typeof corpus.bytes !== 'number' || typeof step !== 'number' || !(step > 0)) return undefined;
  const checked = attempt(() => checkSettings(inForm(settings)).settings);
  const origin = typeof corpus.origin === 'string' ? { origin: corpus.origin } : {};
  return (
    checked && { name, model, corpus: { name: corpus.name, bytes: corpus.bytes, ...origin }, settings: checked, step }
  );
}

/** Converts stored settings to the contents of the form, so that `checkSettings` can check them. */
function inForm(settings: Settings | undefined): RawSettings {
  const { target_modules = [], ...others } = settings ?? {};
  const texts = Object.fromEntries(Object.entries(others).map(([name, value]) => [name, String(value)]));
  return { ...texts, target_modules } as RawSettings;
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
