import type { AdapterConfig } from '../../adapters/config/adapter_config';
import type { ConfigClass } from '../../adapters/config/kind_config';
import type { ParameterCount } from '../../core/types/model';
import type { AdaptersInfo, KeptAdapter } from '../../worker/protocol';
import { disposedError, handleOf, type ModelParts } from '../models/remote_model';
import { RemoteHandle } from '../rpc/remote_handle';
import { AdapterKeeper, type KeptForRun } from './adapter_keeper';

/** The page's copy of the state of a model's adapters, as it was after the last change. */
export class AdaptersMirror<C extends AdapterConfig> {
  readonly parts: ModelParts;
  readonly #Config: ConfigClass<C>;
  readonly #keeper: AdapterKeeper;
  #info: AdaptersInfo;
  #configs: Readonly<Record<string, C>>;
  /** Whether `unload` or `merge_and_unload` has removed the model's adapters. */
  isUnloaded = false;
  /** The number of calls of `without` in progress. */
  #disabled = 0;

  constructor(base: ModelParts, info: AdaptersInfo, Config: ConfigClass<C>) {
    this.#Config = Config;
    const { link } = base;
    const place = new RemoteHandle(link, info.model, 'device', (signal) => this.#revive(base, signal));
    const keep = async (name: string): Promise<KeptAdapter> => link.request('keepAdapter', place.handle, name);
    this.parts = { ...base, place };
    this.#keeper = new AdapterKeeper(Object.keys(info.adapters), keep, () => place.loss !== undefined);
    this.#info = info;
    this.#configs = this.#configsOf(info);
  }

  get info(): AdaptersInfo {
    return this.#info;
  }

  get configs(): Readonly<Record<string, C>> {
    return this.#configs;
  }

  get active(): readonly string[] {
    return this.#info.active;
  }

  get isEnabled(): boolean {
    return this.#disabled === 0;
  }

  /** Returns the numbers of parameters. None are trainable while adapters are disabled. */
  get parameters(): ParameterCount {
    const { trainable, all } = this.#info.parameters;
    return { trainable: this.isEnabled ? trainable : 0, all };
  }

  /** Records the state after a change. Throws if a configuration is invalid, and then records nothing. */
  update(info: AdaptersInfo): void {
    const configs = this.#configsOf(info);
    this.#keeper.update(Object.keys(info.adapters));
    this.#info = info;
    this.#configs = configs;
  }

  /** Makes copies of the adapters for a run that trains `trained`. */
  beginRun(trained: readonly string[]): KeptForRun {
    return this.#keeper.begin(trained);
  }

  /** Runs `body` with the adapters disabled. Several calls may overlap. */
  async without<T>(body: () => Promise<T>): Promise<T> {
    const { link, place } = this.parts;
    const handle = handleOf(this.parts);
    this.#disabled++;
    try {
      await link.request('enableAdapters', handle, false);
      return await body();
    } finally {
      this.#disabled--;
      // If the model was lost meanwhile, there are no adapters to enable.
      const isThere = this.#isLive && place.loss === undefined;
      if (this.isEnabled && isThere) await link.request('enableAdapters', place.handle, true);
    }
  }

  /** Restores a model that was lost during a run: loads its base model again, and restores the adapters from their copies. */
  async #revive(base: ModelParts, signal: AbortSignal | undefined): Promise<void> {
    const { link, life, place } = this.parts;
    await base.place.revive(signal);
    const info = await link.request('reviveAdapters', base.place.handle, await this.#keeper.all(), this.active);
    let isEnabled = true;
    // A call of `without` may begin or end while a request is pending.
    while (isEnabled !== this.isEnabled) {
      isEnabled = !isEnabled;
      await link.request('enableAdapters', info.model, isEnabled);
    }
    if (life.disposed) {
      await link.request('disposeModel', base.place.handle);
      throw disposedError();
    }
    if (base.place.loss !== undefined) throw base.place.loss;
    place.move(info.model);
    this.update(info);
  }

  /** Whether the session still has the model. */
  get #isLive(): boolean {
    const { link, life } = this.parts;
    return link.state !== 'closed' && !life.disposed && !this.isUnloaded;
  }

  #configsOf({ adapters }: AdaptersInfo): Readonly<Record<string, C>> {
    const entries = Object.entries(adapters).map(([name, { config }]) => [name, new this.#Config(config)] as const);
    return Object.freeze(Object.fromEntries(entries));
  }
}
