import type { Adapter, AdapterKind, ResolvedAdapter } from '../../adapters/adapter';
import type { AdapterConfig } from '../../adapters/config/adapter_config';
import type { AdapterTensors } from '../../adapters/files/adapter_tensors';
import { type Overlay, overlayOf, overlayOfRows, tensorsOf } from '../../adapters/layers/overlay';
import { abortError } from '../../core/async/abort';
import { Serial } from '../../core/async/serial';
import { WebVeraError } from '../../core/errors/error';
import type { Warn } from '../../core/errors/warning';
import { numel } from '../../core/numbers/shape';
import type { Tensor } from '../../core/types/tensor';
import type { BaseModel } from '../models/base_model';
import type { AdaptersInfo, Handle } from '../protocol';
import { type Ready, readyOrUndo } from '../rpc/ready';
import { AdapterPlacer, type AdapterPlan, type PlacerHost } from './adapter_placer';
import { deltaWeight } from './adapter_pool';
import { alreadyMerged, biasesStay, expectTogether } from './adapter_rules';
import { AdapterSet } from './adapter_set';
import { MergedWeights } from './merged_weights';
import { expectPooling, pooledConfig } from './pooled_config';
import { type Ingredients, type Merging, prepareMerge, prepareUnload } from './prepare_merge';
import { BASE_NAME, rowAdapters } from './row_adapters';

/** The functions of a session that the adapters of a model use. */
interface AdaptersHost extends Pick<PlacerHost, 'frozen' | 'announce'> {
  readonly warn: Warn;
  /** Returns a key that is unique in the session. */
  nextKey(): string;
}

/** An adapter that is about to be added. */
type Added = Omit<AdapterPlan, 'key' | 'tensors'> & { readonly tensors?: AdapterTensors };

/** The adapters over one base model. The base model's own results don't change. */
export class ModelAdapters {
  readonly base: BaseModel;
  /** Runs changes one after the other. */
  readonly #changes = new Serial();
  readonly #host: AdaptersHost;
  readonly #placer: AdapterPlacer;
  readonly #set = new AdapterSet();
  readonly #merges: MergedWeights;
  #enabled = true;

  constructor(base: BaseModel, host: AdaptersHost) {
    this.base = base;
    this.#host = host;
    this.#placer = new AdapterPlacer({ ...host, runner: base.runner, loaded: base.loaded });
    this.#merges = new MergedWeights(base.runner, (key, reason) => this.#forget(key, reason));
  }

  get active(): readonly string[] {
    return this.#set.active;
  }

  get merged(): readonly string[] {
    return this.#merges.names;
  }

  get adapters(): readonly Adapter[] {
    return this.#set.all;
  }

  /** The name of the first active adapter; PEFT's default name if none is active. */
  get activeName(): string {
    return this.active[0] ?? 'default';
  }

  /** Describes the model for the page. `model` is the handle under which the page knows it. */
  info(model: Handle): AdaptersInfo {
    const { adapters, active, merged } = this;
    const all = this.base.loaded.model.weights.reduce((sum, { shape }) => sum + numel(shape), 0);
    const parameters = { trainable: 0, all };
    for (const { name, trainable, layout, tensors } of adapters) {
      // As in PEFT, a trained bias replaces the base model's, so it isn't counted again. A whole module is a copy, so it is counted again.
      const biases = [...tensors.values()].filter(({ kind }) => kind === 'bias');
      parameters.all += biases.reduce((sum, { value }) => sum - numel(value.shape), layout.trainable);
      if (trainable && active.includes(name)) parameters.trainable += layout.trainable;
    }
    const described = adapters.map(({ name, config, trainable, modules }) => {
      return [name, { config: { ...config }, trainable, modules: [...modules.keys()] }] as const;
    });
    return { model, adapters: Object.fromEntries(described), active, merged, parameters };
  }

  inTurn<T>(body: () => Promise<T>): Promise<T> {
    return this.#changes.run(body);
  }

  /** Returns an adapter by name. If there is none, throws PEFT's error; `message` is given for calls in which PEFT's message differs. */
  adapter(name: string, message?: string): Adapter {
    return this.#set.get(name, message);
  }

  /**
   * Returns the overlay of a pass: the active adapters and their changed weights. With a name, the overlay has that adapter alone. For
   * '__base__', and while adapters are disabled, it has no adapters. With a list of names, it has these even while adapters are disabled.
   */
  overlay(name?: string | readonly string[]): Overlay {
    const { all, activeAdapters } = this.#set;
    if (typeof name === 'object') {
      return overlayOf(
        all,
        name.map((one) => this.adapter(one)),
      );
    }
    const named = name === undefined || name === BASE_NAME ? [] : [this.adapter(name)];
    if (!this.#enabled) return overlayOf(all, []);
    return name === undefined ? overlayOf(all, activeAdapters, this.#merges.current) : overlayOf(all, named);
  }

  /** Returns the overlay of a pass whose rows use different adapters. `names` has one adapter name per row. Throws PEFT's errors. */
  overlayOfRows(names: readonly string[], rows: number): Overlay {
    const { adapters, merged } = this;
    const chosen = rowAdapters(names, { rows, adapters, merged, head: this.base.loaded.model.head.modules });
    const base = overlayOf(adapters, []);
    return this.#enabled ? overlayOfRows(base, chosen) : base;
  }

  /** Resolves a configuration for the model, without changing anything. Throws PEFT's errors, and passes its warnings to `warn`. */
  resolve(name: string, kind: AdapterKind, config: AdapterConfig, warn?: Warn): ResolvedAdapter {
    this.#set.expectRoom(name, kind, config);
    const later = this.adapters.length > 0;
    const { model } = this.base.loaded;
    return kind.resolve(pooledConfig(kind, config, model.head), model, { later, warn });
  }

  /**
   * Like `resolve`, for a stored configuration. Also throws `invalid_argument` if the adapter's head was trained with another pooling.
   */
  resolveStored(name: string, kind: AdapterKind, config: AdapterConfig, warn?: Warn): ResolvedAdapter {
    const resolved = this.resolve(name, kind, config, warn);
    expectPooling(config, resolved, this.base.loaded.model.head, warn);
    return resolved;
  }

  /** Adds an adapter with the values of `tensors`, else with PEFT's initial values. It becomes active if no other adapter is active. */
  async add({ tensors, ...added }: Added, ready?: Ready): Promise<void> {
    const adapter = await this.#placer.place({ ...added, key: this.#host.nextKey(), tensors }, this.adapters);
    if (ready !== undefined) await readyOrUndo(ready, () => this.#placer.free(adapter));
    this.#set.add(adapter);
  }

  /** Activates these adapters and no others. Merged adapters are unmerged first, with a warning. */
  async activate(names: readonly string[]): Promise<void> {
    if (names.length === 0) throw new WebVeraError('invalid_argument', 'Please specify at least one adapter to set');
    expectTogether(this.#set.named(names));
    if (this.merged.length > 0) await this.#unmergeToSet();
    this.#set.activate(names);
  }

  enable(enabled: boolean): void {
    const { biased } = this.#set;
    if (this.#enabled && !enabled && biased !== undefined) {
      this.#host.warn({ code: 'biases_stay', message: biasesStay(biased.config.bias ?? 'none') });
    }
    this.#enabled = enabled;
  }

  /** Deletes an adapter. If no active adapter is left, activates the alphabetically first of the others, with a warning, as in PEFT. */
  async delete(name: string): Promise<void> {
    const adapter = this.#set.get(name, `Adapter ${name} does not exist`);
    if (this.merged.includes(name) || this.#isMergedInto(adapter)) {
      const message = `Cannot delete adapter(s) ['${name}'] while they are merged. Please unmerge them first.`;
      throw new WebVeraError('invalid_argument', message, { hint: 'Call unmerge_adapter() first.' });
    }
    if (this.active.includes(name)) await this.#activateOthers(name);
    this.#set.delete(name);
    await this.#discard(adapter);
  }

  /** Merges adapters: adds their deltas to copies of the weights. */
  async merge(merging: Merging, ready: Ready): Promise<void> {
    const fresh = this.#unmerged(merging.names);
    if (fresh.length === 0) return;
    const made = await prepareMerge(this.#ingredients(fresh), fresh, merging);
    await readyOrUndo(ready, () => this.base.runner.free(made.weights.values()));
    await this.#merges.keep(made, this.#host.nextKey());
  }

  /** Unmerges all adapters. Merging didn't change the base model's weights, so every bit is restored. */
  async unmerge(): Promise<void> {
    if (this.#merges.current !== undefined) return this.#merges.drop();
    this.#host.warn({ code: 'already_unmerged', message: 'Already unmerged. Nothing to do.' });
  }

  /** Computes ΔW of a module, in the layout of the module's weight. Default: the first active adapter's. */
  async deltaWeight(module: string, name = this.activeName): Promise<Tensor> {
    return deltaWeight(this.base.runner, this.base.loaded, this.adapter(name), module);
  }

  /**
   * Returns the model without adapters, but with trained biases and whole modules, if any, and with the weights of adapters that are merged.
   * With `merging`, merges adapters first. As in PEFT, the result is the same while adapters are disabled. Afterwards this object can only
   * be disposed of.
   */
  async unload(merging: Merging | undefined, ready: Ready): Promise<BaseModel> {
    const fresh = merging === undefined ? [] : this.#unmerged(merging.names);
    const { made, copies } = await prepareUnload(this.#ingredients(fresh), fresh, merging);
    await readyOrUndo(ready, () => this.base.runner.free([...(made?.weights.values() ?? []), ...copies.values()]));
    if (made !== undefined) await this.#merges.keep(made, this.#host.nextKey());
    const tensors = new Map([...copies, ...(await this.#merges.take())]);
    return tensors.size === 0 ? this.base : this.base.derive(tensors);
  }

  /** Reads all values of an adapter, including those that never train. */
  async read(adapter: Adapter): Promise<AdapterTensors> {
    return this.base.jobs.run(adapter.key, undefined, () => this.#placer.read(adapter));
  }

  async dispose(): Promise<void> {
    for (const adapter of this.#set.take()) await this.#discard(adapter);
    await this.#merges.drop();
  }

  /** Returns the named adapters that aren't merged yet; by default the active ones. Warns if some adapters are merged. */
  #unmerged(names: readonly string[] = this.active): Adapter[] {
    const fresh = this.#set.named(names).filter(({ name }) => !this.merged.includes(name));
    if (this.merged.length > 0) this.#host.warn({ code: 'already_merged', message: alreadyMerged(this.merged, fresh) });
    return fresh;
  }

  #ingredients(fresh: readonly Adapter[]): Ingredients {
    const { all, activeAdapters, biased } = this.#set;
    const { tensors } = overlayOf(all, activeAdapters);
    const adapters = new Set([...fresh, ...activeAdapters, ...(biased === undefined ? [] : [biased])]);
    return { base: this.base, mergedWeights: this.#merges.weights, adapters, tensors };
  }

  async #activateOthers(name: string): Promise<void> {
    const left = this.#set.activeWithout(name);
    const [next] = left;
    const isNew = next !== undefined && !this.active.includes(next);
    if (isNew && this.#isUnderMerged(this.adapter(next))) await this.#unmergeToSet();
    this.#set.activate(left);
    if (!isNew) return; // other adapters are still active, or none is left
    const message = `Adapter ${name} was active which is now deleted. Setting active adapter to ${next}.`;
    this.#host.warn({ code: 'active_adapter_deleted', message });
  }

  async #unmergeToSet(): Promise<void> {
    const message = 'Adapter cannot be set when the model is merged. Unmerging the model first.';
    this.#host.warn({ code: 'unmerged', message });
    await this.unmerge();
  }

  async #forget(key: string, reason: string): Promise<void> {
    await this.base.jobs.end(key, abortError(reason));
    await this.base.dropPrograms(key);
  }

  async #discard(adapter: Adapter): Promise<void> {
    await this.#forget(adapter.key, `Adapter ${adapter.name} was deleted`);
    this.#placer.free(adapter);
  }

  /** Whether the model would use merged weights of other adapters in place of whole modules that this adapter trains. */
  #isUnderMerged(adapter: Adapter): boolean {
    const tensors = tensorsOf(adapter, 'module');
    return !this.#isMergedInto(adapter) && [...tensors.keys()].some((name) => this.#merges.weights.has(name));
  }

  /** Whether merged weights or biases were computed from biases or whole modules that this adapter trains. */
  #isMergedInto({ tensors }: Adapter): boolean {
    return [...tensors.values()].some(({ value }) => this.#merges.holds(value));
  }
}
