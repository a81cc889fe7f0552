import { checkSettings, type RawSettings, type Settings } from './settings';

/** A run that was under way when the page went, or its session. */
export interface Interrupted {
  /** Of the adapter. */
  readonly name: string;
  readonly model: string;
  readonly corpus: { readonly name: string; readonly bytes: number };
  readonly settings: Settings;
  /** Up to here it is kept. */
  readonly step: number;
}

const KEY = 'webvera:interrupted';

/** A browser that keeps nothing for pages forgets it. */
export function remember(run: Interrupted): void {
  attempt(() => localStorage.setItem(KEY, JSON.stringify(run)));
}

export function forget(): void {
  attempt(() => localStorage.removeItem(KEY));
}

/** Undefined where there is none, or where it isn't as it was written. */
export function recall(): Interrupted | undefined {
  const run = attempt(() => JSON.parse(localStorage.getItem(KEY) ?? 'null') as Partial<Interrupted> | null);
  const { name, model, corpus, settings, step } = run ?? {};
  if (typeof name !== 'string' || typeof model !== 'string' || typeof corpus?.name !== 'string') return undefined;
  if (typeof corpus.bytes !== 'number' || typeof step !== 'number' || !(step > 0)) return undefined;
  const checked = attempt(() => checkSettings(inForm(settings)).settings);
  return checked && { name, model, corpus: { name: corpus.name, bytes: corpus.bytes }, settings: checked, step };
}

/** Settings as they would stand in the form, so that they are checked as those are. */
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
