import type { Adapter, AdapterKind } from '../../adapters/adapter';
import { type AdapterFields, trainedBiases } from '../../adapters/config/adapter_config';
import { biasedOf } from '../../adapters/layers/overlay';
import { WebVeraError } from '../../core/errors/error';
import { expectAdapterName } from './adapter_rules';

/** The adapters over one base model by their names, and which of them are active. */
export class AdapterSet {
  /** The adapters by name, in the order in which they were added. */
  readonly #adapters = new Map<string, Adapter>();
  #active: readonly string[] = [];
  /** The kind of the first adapter. As in PEFT, all later adapters must be of this kind, even after the first one is deleted. */
  #kind: AdapterKind | undefined;

  get all(): readonly Adapter[] {
    return [...this.#adapters.values()];
  }

  /** The names of the active adapters, each once. */
  get active(): readonly string[] {
    return this.#active;
  }

  get activeAdapters(): readonly Adapter[] {
    return this.named(this.#active);
  }

  /** The adapter that trains biases, if any. */
  get biased(): Adapter | undefined {
    return biasedOf(this.all);
  }

  /** Returns the adapter with this name. Throws PEFT's error if there is none. */
  get(name: string, message = `Adapter ${name} not found.`): Adapter {
    const adapter = this.#adapters.get(name);
    if (adapter !== undefined) return adapter;
    const names = [...this.#adapters.keys()].join(', ') || 'none';
    throw new WebVeraError('invalid_argument', message, { hint: `The adapters are: ${names}.` });
  }

  /** Returns the adapters with these names, without duplicates. Throws PEFT's error if one is missing. */
  named(names: readonly string[]): Adapter[] {
    return [...new Set(names)].map((name) => this.get(name));
  }

  /** Adds an adapter. It becomes active if no other adapter is active. */
  add(adapter: Adapter): void {
    this.#adapters.set(adapter.name, adapter);
    this.#kind ??= adapter.kind;
    if (this.#active.length === 0) this.#active = [adapter.name];
  }

  activate(names: readonly string[]): void {
    this.#active = [...new Set(names)];
  }

  /** Returns the active names without `name`. If none remains, returns the alphabetically first of the other adapters, as in PEFT. */
  activeWithout(name: string): readonly string[] {
    const left = this.#active.filter((active) => active !== name);
    if (left.length > 0) return left;
    return [...this.#adapters.keys()]
      .filter((other) => other !== name)
      .sort()
      .slice(0, 1);
  }

  delete(name: string): void {
    this.#adapters.delete(name);
  }

  /** Removes all adapters, and returns them. */
  take(): readonly Adapter[] {
    const adapters = this.all;
    this.#adapters.clear();
    this.#active = [];
    return adapters;
  }

  /** Throws PEFT's errors if an adapter of this name, kind and configuration can't be added. */
  expectRoom(name: string, kind: AdapterKind, config: AdapterFields): void {
    expectAdapterName(name);
    if (this.#adapters.has(name)) {
      throw new WebVeraError('invalid_argument', `Adapter with name '${name}' already exists.`, {
        hint: 'Choose another name, or delete the adapter first.',
      });
    }
    if (this.#kind !== undefined && this.#kind !== kind) {
      const [found, added] = [this.#kind, kind].map(({ Config }) => `PeftType.${Config.rules.peft_type}`);
      const message = `Cannot combine adapters with different peft types. Found ${found} and ${added}.`;
      throw new WebVeraError('invalid_argument', message, {
        hint: 'get_peft_model(base, config) makes another model over the same weights.',
      });
    }
    if (trainedBiases(config) === 'none' || this.biased === undefined) return;
    throw new WebVeraError(
      'invalid_argument',
      `${kind.tuner} supports only 1 adapter with bias. When using multiple adapters, set bias to 'none' for all adapters.`,
    );
  }
}
