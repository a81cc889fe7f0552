import { allTunableKernels } from '../../adapters/adapter_kinds';
import { late } from '../../core/async/late';
import { Serial } from '../../core/async/serial';
import { WebVeraError } from '../../core/errors/error';
import type { Warn } from '../../core/errors/warning';
import {
  adapterKey,
  type KernelAdapter,
  type KernelChoice,
  readKernelChoice,
  sameAdapter,
} from '../../core/kernels/kernel_choice';
import { isForFewRows } from '../../gpu/choice/choice';
import { kernelVersion } from '../../gpu/choice/kernel_version';
import type { DeviceHost, DeviceInfo } from '../../gpu/device_host';
import type { Executor } from '../../gpu/executor';
import type { BlobStore } from '../../store/blob_store';
import type { Tune } from '../../train/training_init';
import type { OpenOptions } from '../protocol';
import type { OpenDevice } from './device';

/** Loads the code that measures which kernels are fastest. */
export const tuningCode = late(async () => await import('../../gpu/choice/variant_lab'));

/** The kernel choice of a session: the default table, the variants that were measured to be fastest, or a choice that the page gives. */
export class SessionKernels {
  readonly #wanted: NonNullable<OpenOptions['kernels']>;
  readonly #store: BlobStore;
  readonly #warn: Warn;
  readonly #tuning = new Serial();
  #device: OpenDevice | undefined;
  #tuned = false;
  #version: Promise<string> | undefined;

  /** Throws `invalid_argument` for a choice with unknown kernels or variants. */
  constructor(wanted: OpenOptions['kernels'], store: BlobStore, warn: Warn) {
    if (typeof wanted === 'object') expectKnown(wanted);
    this.#wanted = wanted ?? 'default';
    this.#store = store;
    this.#warn = warn;
  }

  /**
   * Applies the choice to a new device, before anything is loaded on it. Throws `invalid_argument` if the device lacks
   * a feature that the choice needs.
   */
  async begin(device: OpenDevice): Promise<void> {
    const { executor, host } = device;
    this.#device = device;
    if (this.#wanted === 'default') return;
    if (this.#wanted === 'tuned') {
      const stored = await this.#stored(host);
      this.#tuned = stored !== undefined;
      executor.chosen = stored?.variants ?? {};
      return;
    }
    expectFeatures(this.#wanted, host.info);
    executor.chosen = this.#wanted.variants;
    await this.#warnOfOthers(this.#wanted, host.adapter);
  }

  /** The device's executor. Throws `internal` if no device has been opened. */
  get executor(): Executor {
    return this.#expectDevice().executor;
  }

  /** Returns the tuning to do before a run's first step; undefined if tuning wasn't requested or is done. */
  tuning(): Tune | undefined {
    const device = this.#device;
    if (this.#wanted !== 'tuned' || this.#tuned || device === undefined) return undefined;
    return (steps, signal) =>
      this.#tuning.run(async () => {
        if (this.#tuned) return;
        const { executor, host } = device;
        const { tuneKernels } = await tuningCode();
        executor.chosen = await tuneKernels(executor, host.info, steps, signal);
        // The session may have a new device by now, for which this tuning isn't valid.
        if (this.#device !== device) return;
        this.#tuned = true;
        await this.#keep(await this.choice());
      });
  }

  /**
   * Returns the variants of a checkpoint's kernel choice, for the run that resumes from the checkpoint. Returns undefined if that choice
   * was made for other shaders or another GPU adapter, or if the page has given a choice of its own. The run then uses the session's
   * choice; if this differs from the checkpoint's, warns that the last bits of results may differ.
   */
  async resumed(made: KernelChoice): Promise<KernelChoice['variants'] | undefined> {
    const { host } = this.#expectDevice();
    if (typeof this.#wanted !== 'object' && (await this.#fits(made, host.adapter))) {
      expectKnown(made);
      expectFeatures(made, host.info);
      return made.variants;
    }
    if (!sameChoice(made, await this.choice())) {
      this.#warn({ code: 'other_kernels', message: OTHERS_THAN_BEFORE });
    }
    return undefined;
  }

  /** Returns the kernel choice in use, or a choice of the given variants. Throws `internal` if no device has been opened. */
  async choice(variants = this.#expectDevice().executor.chosen): Promise<KernelChoice> {
    return { version: await this.#currentVersion(), adapter: this.#expectDevice().host.adapter, variants };
  }

  #expectDevice(): OpenDevice {
    if (this.#device !== undefined) return this.#device;
    throw new WebVeraError('internal', 'Kernels were asked for before the device was opened');
  }

  /** Whether a choice was made for these shaders on this GPU adapter. */
  async #fits({ version, adapter }: KernelChoice, here: KernelAdapter): Promise<boolean> {
    return version === (await this.#currentVersion()) && sameAdapter(adapter, here);
  }

  #currentVersion(): Promise<string> {
    this.#version ??= kernelVersion(allTunableKernels());
    return this.#version;
  }

  /**
   * Returns the choice that an earlier session stored for this GPU adapter. Returns undefined if there is none, if it is damaged, or if it
   * was made for other shaders. Kernels are then tuned again.
   */
  async #stored({ adapter, info }: DeviceHost): Promise<KernelChoice | undefined> {
    try {
      const value = await this.#store.get(keyOf(adapter));
      if (value === undefined) return undefined;
      const choice = readKernelChoice(value);
      expectKnown(choice);
      expectFeatures(choice, info);
      return (await this.#fits(choice, adapter)) ? choice : undefined;
    } catch (error) {
      if (!(error instanceof WebVeraError)) this.#warnOfStorage(error);
      return undefined;
    }
  }

  async #keep(choice: KernelChoice): Promise<void> {
    await this.#store.setMany([[keyOf(choice.adapter), choice]]).catch((error: unknown) => this.#warnOfStorage(error));
  }

  #warnOfStorage(error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    this.#warn({ code: 'storage_unavailable', message: `The kernel choice can't be kept for later: ${problem}` });
  }

  async #warnOfOthers({ version, adapter }: KernelChoice, here: KernelAdapter): Promise<void> {
    const others = version !== (await this.#currentVersion()) ? 'other shaders' : 'another adapter';
    if (others === 'another adapter' && sameAdapter(adapter, here)) return;
    const message = `The kernel choice was made for ${others}: results may differ from those of then in their last bits`;
    this.#warn({ code: 'other_kernels', message });
  }
}

const OTHERS_THAN_BEFORE =
  'The run began with other kernels than it goes on with: its results may differ in their last bits';

function sameChoice(a: KernelChoice, b: KernelChoice): boolean {
  const key = ({ version, adapter, variants }: KernelChoice): string =>
    JSON.stringify([
      version,
      adapterKey(adapter),
      Object.entries(variants).sort(([one], [two]) => (one < two ? -1 : 1)),
    ]);
  return key(a) === key(b);
}

function keyOf(adapter: KernelAdapter): string {
  return `kernels/${adapterKey(adapter)}`;
}

function expectKnown({ variants }: KernelChoice): void {
  for (const [kernel, variant] of Object.entries(variants)) {
    const names = new Set(variantsOf(kernel).map(({ name }) => name));
    if (names.has(variant)) continue;
    const expected =
      names.size === 0 ? 'the name of a kernel that has variants' : `${kernel}: ${[...names].join(' or ')}`;
    throw new WebVeraError('invalid_argument', `kernels: expected ${expected}, got ${kernel}: ${variant}`, {
      hint: "The choice was made by another version of webvera. Open the session with 'tuned' to measure again.",
    });
  }
}

function expectFeatures({ variants }: KernelChoice, info: DeviceInfo): void {
  for (const [kernel, name] of Object.entries(variants)) {
    const needed = variantsOf(kernel).find((variant) => variant.name === name)?.features ?? [];
    const lacking = needed.filter((feature) => !info.features.includes(feature));
    if (lacking.length === 0) continue;
    const message = `kernels: ${kernel}: ${name} needs ${lacking.join(', ')}, which this device doesn't have`;
    throw new WebVeraError('invalid_argument', message, {
      hint: lacking.includes('shader-f16')
        ? "Open the session with arithmetic: 'f16' as well, as in the session that made the choice."
        : "The choice was made on another device. Open the session with 'tuned' to measure on this one.",
    });
  }
}

/** Returns the variants that may be chosen for a kernel. Variants for few rows are left out, because kernels use them for any choice. */
function variantsOf(kernel: string) {
  const records = allTunableKernels().filter(({ name }) => name === kernel);
  return records.flatMap(({ variants }) => variants).filter(({ name }) => !isForFewRows(name));
}
