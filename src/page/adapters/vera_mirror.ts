import { VeraConfig } from '../../adapters/vera/config';
import type { ParameterCount } from '../../core/types/model';
import type { VeraInfo } from '../../worker/protocol';
import { handleOf, type ModelParts } from '../models/model';
import { RemoteHandle } from '../rpc/remote_handle';
import type { KeptForRun, VeraKeeper } from './vera_keeper';
import { VeraRevival, type VeraStanding } from './vera_revival';

/** A VeRA model as the page knows it: as it stood after the last change. */
export class VeraMirror {
  readonly parts: ModelParts;
  readonly #keeper: VeraKeeper;
  #info: VeraInfo;
  #configs: Readonly<Record<string, VeraConfig>>;
  /** Once the model has lost its adapters to `unload` or `merge_and_unload`. */
  #isUnloaded = false;
  /** How many bodies run without adapters. */
  #disabled = 0;

  constructor(base: ModelParts, info: VeraInfo) {
    const place = new RemoteHandle(base.link, info.model, 'device');
    const standing = (): VeraStanding => ({ active: this.active, isDisabled: !this.isEnabled });
    const names = Object.keys(info.adapters);
    const { revivable, keeper } = new VeraRevival(base, place, names, standing, (made) => this.update(made));
    this.parts = { ...base, place, revivable };
    this.#keeper = keeper;
    this.#info = info;
    this.#configs = configsOf(info);
  }

  get info(): VeraInfo {
    return this.#info;
  }

  get configs(): Readonly<Record<string, VeraConfig>> {
    return this.#configs;
  }

  get active(): readonly string[] {
    return this.#info.active;
  }

  get isEnabled(): boolean {
    return this.#disabled === 0;
  }

  get isUnloaded(): boolean {
    return this.#isUnloaded;
  }

  /** None train while adapters are disabled. */
  get parameters(): ParameterCount {
    const { trainable, all } = this.#info.parameters;
    return { trainable: this.isEnabled ? trainable : 0, all };
  }

  /** It was changed. */
  update(info: VeraInfo): void {
    this.#keeper.update(Object.keys(info.adapters));
    this.#info = info;
    this.#configs = configsOf(info);
  }

  /** It has no adapters any more. */
  unload(): void {
    this.#isUnloaded = true;
  }

  /** For a run that trains these adapters. */
  beginRun(trained: readonly string[]): KeptForRun {
    return this.#keeper.begin(trained);
  }

  /** Runs `body` with the adapters disabled; bodies may overlap. */
  async without<T>(body: () => Promise<T>): Promise<T> {
    const { link, place } = this.parts;
    const handle = handleOf(this.parts);
    this.#disabled++;
    try {
      await link.request('enableAdapters', handle, false);
      return await body();
    } finally {
      this.#disabled--;
      // Where it was lost meanwhile, there is nothing to enable.
      const isThere = this.#isLive && place.loss === undefined;
      if (this.isEnabled && isThere) await link.request('enableAdapters', place.handle, true);
    }
  }

  /** Whether its session still knows it. */
  get #isLive(): boolean {
    const { link, life } = this.parts;
    return link.state !== 'closed' && !life.disposed && !this.#isUnloaded;
  }
}

function configsOf(info: VeraInfo): Readonly<Record<string, VeraConfig>> {
  const entries = Object.entries(info.adapters).map(([name, { config }]) => [name, new VeraConfig(config)] as const);
  return Object.freeze(Object.fromEntries(entries));
}
