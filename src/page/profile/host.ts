import type { AdapterFields } from '../../adapters/config/adapter_config';
import { Serial } from '../../core/async/serial';
import { quote, wrong } from '../../core/errors/wrong';
import type { AdapterFiles } from '../../core/types/model';
import type { AdaptedModel } from '../adapters/adapted_model';
import { type AnyAdapterConfig, configFromJson } from '../adapters/page_kinds';
import { get_peft_model, PeftModel } from '../adapters/peft_classes';
import { liveHandle, partsKey, type RemoteModel } from '../models/remote_model';
import type { Link } from '../rpc/link';
import { type KnownBase, labelsOf, problemOf } from './fits';
import { CONFIG, jsonIn } from './storage/file_parts';
import { adapterName, profileOf } from './storage/profile_storage';
import type { ProfileSettings } from './storage/record';

type SaveSettings = Pick<ProfileSettings, 'save_dtype'>;

/**
 * Manages the model with adapters that all profiles over one base model share. Each profile has its own adapters in that model. All of them
 * are of the same kind; another kind is possible only after the last adapter was deleted.
 */
export class ProfileHost {
  readonly base: RemoteModel;
  readonly #changes = new Serial();
  /** The number of generations, predictions and runs that use each adapter, by the adapter's name. */
  readonly #users = new Map<string, number>();
  /** The names of adapters to delete as soon as they are no longer used. */
  readonly #leaving = new Set<string>();
  #adapted: AdaptedModel | undefined;
  #identity: string | undefined;
  #names = 0;

  constructor(base: RemoteModel) {
    this.base = base;
  }

  get link(): Link {
    return this.base[partsKey].link;
  }

  /** Whether the base model was disposed of. */
  get isDisposed(): boolean {
    return this.base[partsKey].life.disposed;
  }

  /** The shared model with adapters. Throws if no adapter is loaded. */
  get adapted(): AdaptedModel {
    if (this.#adapted !== undefined) return this.#adapted;
    throw new TypeError('No adapter is placed');
  }

  /** Resolves with the facts by which a profile recognises the base model: its fingerprint, labels and problem type. */
  async known(): Promise<KnownBase> {
    this.#identity ??= await this.link.request('identifyBase', liveHandle(this.base));
    const { pools } = this.base[partsKey].info;
    return { base: this.#identity, labels: labelsOf(this.base), problem_type: problemOf(this.base), pools };
  }

  /** Returns an adapter name for the profile `id` that was never used before. */
  newName(id: string): string {
    this.#names += 1;
    return adapterName(id, this.#names);
  }

  /**
   * Creates an adapter with PEFT's initial values, and resolves with the adapter's files. Rejects with `invalid_argument` while adapters of
   * another kind are loaded.
   */
  begin(name: string, config: AnyAdapterConfig, { save_dtype }: SaveSettings): Promise<AdapterFiles> {
    return this.#changes.run(async () => {
      this.#expectKind(config);
      if (this.#adapted === undefined) this.#adapted = await get_peft_model(this.base, config, name);
      else await this.#adapted.add_adapter(name, config);
      return this.#adapted.save_pretrained({ adapter_name: name, save_dtype });
    });
  }

  /** Loads an adapter from its files. Rejects with `invalid_argument` while adapters of another kind are loaded. */
  place(name: string, files: AdapterFiles, { is_trainable = false } = {}): Promise<void> {
    return this.#changes.run(async () => {
      const adapted = this.#adapted;
      if (adapted !== undefined) {
        this.#expectKind(configFromJson(await jsonIn(new Map(Object.entries(files)), CONFIG)));
        return adapted.load_adapter(files, name, { is_trainable });
      }
      this.#adapted = await PeftModel.from_pretrained(this.base, files, { adapter_name: name, is_trainable });
    });
  }

  /**
   * Moves the trained vectors of the adapter `name` towards those of `other`: `share` 0 changes nothing, 1 makes them equal. The head of
   * `name` doesn't change.
   */
  mix(name: string, other: string, share: number): Promise<void> {
    return this.link.request('mixAdapters', liveHandle(this.adapted), name, other, share);
  }

  /** Resolves with an adapter's files, in float32 unless a profile's settings name another data type. */
  read(name: string, { save_dtype = 'float32' }: Partial<SaveSettings> = {}): Promise<AdapterFiles> {
    return this.adapted.save_pretrained({ adapter_name: name, save_dtype });
  }

  /** Marks an adapter as used until the returned function is called. Meanwhile `remove` doesn't delete it. */
  use(name: string): () => void {
    this.#users.set(name, (this.#users.get(name) ?? 0) + 1);
    let isUsed = true;
    return () => {
      if (!isUsed) return;
      isUsed = false;
      const left = (this.#users.get(name) ?? 1) - 1;
      if (left > 0) return void this.#users.set(name, left);
      this.#users.delete(name);
      if (this.#leaving.delete(name)) this.#delete(name).catch(() => {}); // if the session has ended, the adapter no longer exists
    };
  }

  /** Deletes an adapter. If it is in use, resolves at once, and the adapter is deleted as soon as it is no longer used. */
  async remove(name: string): Promise<void> {
    if (this.#users.has(name)) this.#leaving.add(name);
    else await this.#delete(name);
  }

  async #delete(name: string): Promise<void> {
    await this.#changes.run(async () => {
      const adapted = this.#adapted;
      if (adapted === undefined || !Object.hasOwn(adapted.peft_config, name)) return;
      const other = Object.keys(adapted.peft_config).find((known) => known !== name);
      if (other === undefined) return this.#drop(adapted);
      // Deleting the active adapter would cause a warning, so another one is activated first. The choice has no effect, because each call
      // of a profile names its adapter.
      if (adapted.active_adapters.includes(name)) await adapted.set_adapter(other);
      await adapted.delete_adapter(name);
    });
  }

  /** Frees the model with adapters and its last adapter, so that the next adapter may be of another kind. */
  async #drop(adapted: AdaptedModel): Promise<void> {
    this.#adapted = undefined;
    await this.link.request('dropAdapters', liveHandle(adapted));
  }

  /** Throws `invalid_argument` if adapters of another kind than `peft_type` are loaded. */
  #expectKind({ peft_type }: Pick<AdapterFields, 'peft_type'>): void {
    const placed: Readonly<Record<string, AdapterFields>> = this.#adapted?.peft_config ?? {};
    const [known] = Object.values(placed);
    if (known === undefined || known.peft_type === peft_type) return;
    const [id = '', ...ids] = new Set(Object.keys(placed).map(profileOf));
    const who = `profile ${quote(id)}${ids.length === 0 ? '' : ` and ${ids.length} more`}`;
    throw wrong(
      'profile: peft_config.peft_type',
      `"${known.peft_type}", as in ${who} over the same model`,
      peft_type,
      'Profiles over one model have one kind of adapter at a time. Dispose of those profiles and wait for their generations, or load the model again for this one.',
    );
  }
}
