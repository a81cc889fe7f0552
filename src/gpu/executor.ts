import { WebVeraError } from '../core/errors/error';
import { bytesOf, joinBytes } from '../core/input/bytes';
import type { AnyVariant } from '../core/kernels/kernel';
import type { LoadedProgram, LoadProgramOptions, Program, Runner, RunnerUsage, RunOptions } from '../graph/runner';
import type { Step } from '../graph/step';
import { byteLength, shardsOf, type Value } from '../graph/value';
import { inChunks } from '../graph/work';
import { type ChosenVariants, chooseVariant, isSoftware } from './choice/choice';
import { CommandQueue } from './commands';
import { GpuCounters } from './counters';
import type { DeviceHost } from './device_host';
import { DeviceQueue } from './device_queue';
import { batchesOf, type DispatchPiece } from './dispatch_batches';
import { DeviceMemory } from './memory/device_memory';
import type { BufferRange } from './memory/pinned_buffers';
import { Readback } from './memory/readback';
import { type Dispatch, type GpuProgram, ProgramLoader } from './program_loader';
import { ErrorScopes } from './scopes';
import { SOFTWARE_SUBMIT, SubmitBudget } from './submit_budget';

interface GpuLoadOptions extends LoadProgramOptions {
  /** The variants to use in place of the executor's choice. */
  readonly chosen?: ChosenVariants;
}

interface ExecutorOptions {
  readonly choose?: typeof chooseVariant;
  /** Weights larger than this are split into shards. Default: the device's largest binding. */
  readonly maxBindingBytes?: number;
  /** The amount of work in one submit and in one dispatch. Default: a budget that is measured as programs run. */
  readonly budget?: SubmitBudget;
}

/**
 * Runs programs on the GPU: loads each program once, then only replays it. With `early`, a program's first run may begin before all of its
 * kernels are compiled; later commands wait for that run.
 */
export class Executor implements Runner {
  readonly counters = new GpuCounters();
  /** The chosen variants, which take precedence over the default table. A new choice leaves loaded programs unchanged. */
  chosen: ChosenVariants = {};
  readonly maxBindingBytes: number;
  readonly isSoftware: boolean;
  readonly #host: DeviceHost;
  readonly #queue: DeviceQueue;
  readonly #memory: DeviceMemory;
  readonly #loader: ProgramLoader;
  readonly #readback: Readback;
  readonly #scopes: ErrorScopes;
  readonly #commands: CommandQueue;
  readonly #budget: SubmitBudget;
  readonly #choose: typeof chooseVariant;
  #last: GpuProgram | undefined;

  constructor(host: DeviceHost, options: ExecutorOptions = {}) {
    this.#host = host;
    this.#memory = new DeviceMemory(host.device, this.counters);
    this.#queue = new DeviceQueue(host.device, this.counters);
    this.#loader = new ProgramLoader(host, this.#queue, this.#memory, this.counters);
    this.#readback = new Readback(host, this.#queue, this.#memory);
    this.#scopes = new ErrorScopes(host);
    this.#commands = new CommandQueue((error) => host.fail(asWebVeraError(error)));
    this.isSoftware = isSoftware(host.info);
    this.#budget = options.budget ?? new SubmitBudget(this.isSoftware ? { submit: SOFTWARE_SUBMIT } : {});
    this.#choose = options.choose ?? chooseVariant;
    this.maxBindingBytes = options.maxBindingBytes ?? this.#memory.limits.bindingBytes;
  }

  get failure(): AbortSignal {
    return this.#host.failure;
  }

  /** Throws the error that made the device unusable. */
  check(): void {
    this.#host.check();
  }

  usage(): RunnerUsage {
    return this.counters.usage();
  }

  async allocate(values: Iterable<Value>): Promise<void> {
    // Waits for all earlier commands: pending frees are then finished, and a write that follows needn't copy its data.
    await this.#commands.settled();
    const made: Value[] = [];
    const body = async (): Promise<void> => {
      for (const { value } of [...values].flatMap(shardsOf)) {
        if (this.#memory.pinned.has(value)) continue;
        this.#memory.pinned.place(value);
        made.push(value);
      }
    };
    await this.#scopes.run('weights', body, () => this.free(made));
  }

  write(value: Value, data: ArrayBufferView<ArrayBuffer>, byteOffset = 0): void {
    this.#host.check();
    const { buffer, offset } = this.#memory.pinned.place(value);
    const bytes = bytesOf(data);
    // The caller may change the bytes while the write waits.
    const own = this.#commands.idle ? bytes : bytes.slice();
    this.#commands.push(() => this.#queue.write(buffer, offset + byteOffset, own));
  }

  prepare(steps: readonly Step[], onCompiled: (share: number) => void = () => {}, chosen = this.chosen): void {
    const body = async (): Promise<void> => {
      const kernels = new Set(this.#loader.compile(steps, this.#chooseBy(chosen)).map(({ kernel }) => kernel));
      let compiled = 0;
      const report = (): void => onCompiled(++compiled / kernels.size);
      for (const { ready } of kernels) ready.then(report, () => {});
    };
    // The error is reported when a program with these steps is loaded.
    this.#scopes.run('kernels', body, () => {}).catch(() => {});
  }

  async load(program: Program, { early = false, chosen = this.chosen }: GpuLoadOptions = {}): Promise<GpuProgram> {
    const held: (() => void)[] = [];
    const giveBack = (): void => {
      for (const give of held.splice(0)) give();
    };
    const body = async (): Promise<GpuProgram> => {
      const loaded = this.#loader.load(program, this.#chooseBy(chosen), held);
      return { ...loaded, release: () => this.#commands.push(giveBack) };
    };
    const loaded = await this.#scopes.run(program.name, body, giveBack);
    if (early) return loaded;
    try {
      await loaded.ready;
      return loaded;
    } catch (error) {
      loaded.release();
      throw error;
    }
  }

  run(program: LoadedProgram, { chunks = Number.POSITIVE_INFINITY }: RunOptions = {}): void {
    this.#host.check();
    const loaded = program as GpuProgram;
    this.#last = loaded;
    const dispatches = loaded.dispatches.filter(inChunks(chunks));
    this.#commands.push(() => {
      const isReady = dispatches.every(({ kernel }) => kernel.pipeline !== undefined);
      if (!isReady || this.#mustMeasure(dispatches)) return this.#submitInTurn(dispatches);
      for (const batch of batchesOf(dispatches, this.#budget)) this.#submit(batch);
      return undefined;
    });
  }

  /**
   * For measurements only: queues one step of a program `times` times, with the current contents of its buffers. Takes one submit, unless
   * a single dispatch is too long or the submit budget must be measured first. Results of the program's own runs become invalid.
   */
  replay(program: LoadedProgram, step: number, times: number): void {
    this.#host.check();
    const dispatch = (program as GpuProgram).dispatches[step];
    if (dispatch === undefined) throw new WebVeraError('internal', `${program.program.name} has no step ${step}`);
    const dispatches: Dispatch[] = Array(times).fill(dispatch);
    this.#commands.push(() => {
      if (this.#mustMeasure(dispatches)) return this.#submitInTurn(dispatches);
      // A dispatch gets the FLOPs of a submit at most, because this variant may be much slower than those measured for the budget.
      const budget = { flops: Number.POSITIVE_INFINITY, dispatchFlops: this.#budget.flops };
      for (const batch of batchesOf(dispatches, budget)) this.#encode(batch);
      return undefined;
    });
  }

  async read(value: Value): Promise<ArrayBuffer> {
    if (value.shards !== undefined) {
      const parts = await Promise.all(value.shards.map((shard) => this.read(shard.value)));
      return joinBytes(parts.map((part) => new Uint8Array(part))).buffer;
    }
    return this.readAll([value]);
  }

  async readAll(values: readonly Value[]): Promise<ArrayBuffer> {
    const places = values.map((value) => this.#placeToRead(value));
    let queued = 0;
    const bytes = await new Promise<ArrayBuffer>((resolve) => {
      this.#commands.push(() => {
        queued = this.#budget.queued;
        const read = this.#readback.read(places);
        resolve(read.bytes);
        return read.queued;
      });
    });
    this.#budget.finished(queued, performance.now());
    return bytes;
  }

  free(values: Iterable<Value>): void {
    for (const { value } of [...values].flatMap(shardsOf)) {
      const buffer = this.#memory.pinned.take(value);
      if (buffer === undefined) continue;
      this.#commands.push(() => {
        this.#queue.flush();
        this.#memory.destroy(buffer);
      });
    }
    // The last model is freed: staging buffers aren't needed any more.
    if (this.#memory.pinned.isEmpty) this.#commands.push(() => this.#readback.trim());
  }

  close(): void {
    this.#readback.close();
    this.#host.close();
  }

  #placeToRead(value: Value): BufferRange {
    const { pinned } = this.#memory;
    const known = value.pinned && pinned.has(value);
    const place = known ? pinned.place(value) : value.pinned ? undefined : this.#last?.placeOf(value);
    if (place === undefined) throw new WebVeraError('internal', `Value ${value.name} was read, but nothing made it`);
    return { ...place, size: byteLength(value) };
  }

  #chooseBy(chosen: ChosenVariants): (step: Step) => AnyVariant {
    return (step) => this.#choose(step, this.#host.info, chosen);
  }

  /** Whether the budget must be measured first: it is a rough estimate, and the dispatches don't fit into one submit. */
  #mustMeasure(dispatches: readonly Dispatch[]): boolean {
    return this.#budget.isRough && dispatches.reduce((sum, { flops }) => sum + flops, 0) > this.#budget.flops;
  }

  /**
   * Submits each batch once its kernels are compiled. If the budget must be measured, also waits for the device: after each batch while the
   * budget is rough, then after two batches, four batches and so on. More than one measurement is needed, because drivers may compile a
   * kernel as it first runs, which slows the first submits. Stops at a kernel that doesn't compile: the program's `ready` rejects then.
   */
  async #submitInTurn(dispatches: readonly Dispatch[]): Promise<void> {
    const measures = this.#mustMeasure(dispatches);
    let [submits, distance] = [0, 1];
    for (const batch of batchesOf(dispatches, this.#budget)) {
      const compiled = await Promise.all(batch.map(({ dispatch }) => dispatch.kernel.ready)).then(
        () => true,
        () => false,
      );
      if (!compiled || this.#host.failed) return;
      this.#submit(batch);
      submits += 1;
      if (!measures || submits < distance) continue;
      await this.#measure();
      submits = 0;
      distance = this.#budget.isRough ? 1 : 2 * distance;
    }
  }

  async #measure(): Promise<void> {
    const { queued } = this.#budget;
    // The next run or read reports that the device was lost.
    await this.#readback.done().catch(() => {});
    this.#budget.finished(queued, performance.now());
  }

  #submit(batch: readonly DispatchPiece[]): void {
    const flops = this.#encode(batch);
    this.#budget.submitted(flops, performance.now());
  }

  /** Submits a batch, and returns its floating-point operations. A piece of a dispatch must be the only element of its batch. */
  #encode(batch: readonly DispatchPiece[]): number {
    const encoder = this.#host.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    let flops = 0;
    for (const piece of batch) {
      const { kernel, group } = piece.dispatch;
      if (kernel.pipeline === undefined)
        throw new WebVeraError('internal', 'A kernel was queued before it was compiled');
      pass.setPipeline(kernel.pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...piece.grid);
      flops += piece.flops;
    }
    pass.end();
    const cut = batch.find(({ first }) => first !== undefined);
    if (cut?.first !== undefined) this.#begin(cut.dispatch, cut.first);
    this.#queue.submit([encoder.finish()]);
    if (cut !== undefined) this.#begin(cut.dispatch, [0, 0]);
    this.counters.dispatches += batch.length;
    this.counters.flops += flops;
    return flops;
  }

  /** Writes the position in the whole grid of the first workgroup that the next submit of the dispatch runs. */
  #begin({ firstAt: { buffer, offset } }: Dispatch, first: readonly number[]): void {
    this.#queue.write(buffer, offset, Uint32Array.from(first));
  }
}

function asWebVeraError(error: unknown): WebVeraError {
  return error instanceof WebVeraError ? error : new WebVeraError('internal', String(error), { cause: error });
}
