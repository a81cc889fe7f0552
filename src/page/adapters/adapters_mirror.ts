import type { AdapterConfig } from '../../adapters/config/adapter_config';
import type { ConfigClass } from '../../adapters/config/kind_config';
import type { ParameterCount } from '../../core/types/model';
import type { AdaptersInfo } from '../../worker/protocol';
import { handleOf, type ModelParts } from '../models/remote_model';
import { RemoteHandle } from '../rpc/remote_handle';
import type { AdapterKeeper, KeptForRun } from './adapter_keeper';
import { AdaptersRevival, type Standing } from './adapters_revival';

/** A model with adapters as it stood after the last change. */
export class AdaptersMirror<C extends AdapterConfig> {
  readonly parts: ModelParts;
  readonly #Config: ConfigClass<C>;
  readonly #keeper: AdapterKeeper;
  #info: AdaptersInfo;
  #configs: Readonly<Record<string, C>>;
  /** Once the model has lost its adapters to `unload` or `merge_and_unload`. */
  #isUnloaded = false;
  /** How many bodies run without adapters. */
  #disabled = 0;

  constructor(base: ModelParts, info: AdaptersInfo, Config: ConfigClass<C>) {
    this.#Config = Config;
    const place = new RemoteHandle(base.link, info.model, 'device');
    const standing = (): Standing => ({ active: this.active, isDisabled: !this.isEnabled });
    const names = Object.keys(info.adapters);
    const { revivable, keeper } = new AdaptersRevival(base, place, names, standing, (made) => this.update(made));
    this.parts = { ...base, place, revivable };
    this.#keeper = keeper;
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

  get isUnloaded(): boolean {
    return this.#isUnloaded;
  }

  /** None train while adapters are disabled. */
  get parameters(): ParameterCount {
    const { trainable, all } = this.#info.parameters;
    return { trainable: this.isEnabled ? trainable : 0, all };
  }

  /** The state after a change. */
  update(info: AdaptersInfo): void {
    this.#keeper.update(Object.keys(info.adapters));
    this.#info = info;
    this.#configs = this.#configsOf(info);
  }

  /** The model has lost its adapters. */
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
      // A model that was lost meanwhile has nothing to enable.
      const isThere = this.#isLive && place.loss === undefined;
      if (this.isEnabled && isThere) await link.request('enableAdapters', place.handle, true);
    }
  }

  /** Whether its session still knows it. */
  get #isLive(): boolean {
    const { link, life } = this.parts;
    return link.state !== 'closed' && !life.disposed && !this.#isUnloaded;
  }

  #configsOf({ adapters }: AdaptersInfo): Readonly<Record<string, C>> {
    const entries = Object.entries(adapters).map(([name, { config }]) => [name, new this.#Config(config)] as const);
    return Object.freeze(Object.fromEntries(entries));
  }
}
