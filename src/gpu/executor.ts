import { WebVeraError } from '../core/error';
import { type AnyVariant, type Grid, packParams } from '../core/kernel';
import type { Step } from '../graph/graph';
import { planMemory } from '../graph/plan';
import type { LoadedProgram, Program, Runner, RunnerUsage, RunOptions } from '../graph/runner';
import { byteLength, shardsOf, type Value } from '../graph/value';
import { SubmitBudget } from './budget';
import { type Chosen, chooseVariant } from './choice';
import { GpuCounters } from './counters';
import type { DeviceHost } from './device';
import { COPY_DST, COPY_SRC, STORAGE, UNIFORM } from './flags';
import { DeviceLimits } from './limits';
import { mayShare, PinnedBuffers, type Place } from './pinned_buffers';
import { Pipelines, type ReadyKernel } from './pipelines';
import { joinBytes, Readback } from './readback';
import { ErrorScopes } from './scopes';
import { SlotPool } from './slots';

const PARAMS_STRIDE = 256;
const SMALLER_BATCH = 'Use a smaller batch or max_length, a smaller model, or one stored in float16.';

interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: Grid;
  readonly flops: number;
  readonly chunk: number | undefined;
}

interface Loaded extends LoadedProgram {
  readonly dispatches: readonly Dispatch[];
  readonly placeOf: (value: Value) => Place | undefined;
}

export interface ExecutorOptions {
  readonly choose?: typeof chooseVariant;
  /** Where weights begin to be split: what the device binds, unless less is given. */
  readonly maxBindingBytes?: number;
}

/** Runs programs on the GPU: makes pipelines in parallel, places memory, binds once, then only replays. */
export class Executor implements Runner {
  readonly counters = new GpuCounters();
  /** Goes before the device's table; programs keep what they were loaded with. */
  chosen: Chosen = {};
  readonly #host: DeviceHost;
  readonly #pipelines: Pipelines;
  readonly #slots: SlotPool;
  readonly #readback: Readback;
  readonly #scopes: ErrorScopes;
  readonly #budget = new SubmitBudget();
  readonly #limits: DeviceLimits;
  readonly #pinned = new PinnedBuffers((value) => this.#createPinned(value));
  readonly #choose: typeof chooseVariant;
  readonly maxBindingBytes: number;
  #last: Loaded | undefined;

  constructor(host: DeviceHost, options: ExecutorOptions = {}) {
    this.#host = host;
    this.#limits = new DeviceLimits(host.device.limits);
    this.maxBindingBytes = options.maxBindingBytes ?? this.#limits.bindingBytes;
    this.#pipelines = new Pipelines(host, this.counters);
    this.#slots = new SlotPool((bytes) => this.#createBuffer('slot', bytes), this.counters);
    this.#readback = new Readback(host, this.counters);
    this.#scopes = new ErrorScopes(host);
    this.#choose = options.choose ?? chooseVariant;
  }

  usage(): RunnerUsage {
    const { dispatches, submits, flops, buffers, bytes, peakBytes } = this.counters;
    return { dispatches, submits, flops, buffers, bytes, peakBytes };
  }

  async allocate(values: Iterable<Value>): Promise<void> {
    const made: Value[] = [];
    const body = async (): Promise<void> => {
      for (const { value } of [...values].flatMap(shardsOf)) {
        if (this.#pinned.has(value)) continue;
        this.#pinned.place(value);
        made.push(value);
      }
    };
    await this.#scopes.run('weights', body, () => this.free(made));
  }

  write(value: Value, data: ArrayBufferView<ArrayBuffer>, byteOffset = 0): void {
    this.#host.check();
    const { buffer, offset } = this.#pinned.place(value);
    this.#host.device.queue.writeBuffer(buffer, offset + byteOffset, data.buffer, data.byteOffset, data.byteLength);
    this.counters.uploadedBytes += data.byteLength;
  }

  async load(program: Program, chosen = this.chosen): Promise<LoadedProgram> {
    const held: (() => void)[] = [];
    const release = (): void => {
      for (const giveBack of held.splice(0)) giveBack();
    };
    const body = async (): Promise<Loaded> => {
      const variants = program.steps.map((step) => this.#choose(step, this.#host.info, chosen));
      const kernels = await Promise.all(
        program.steps.map(({ kernel }, index) => this.#pipelines.get(kernel, variants[index] as AnyVariant)),
      );
      const plan = planMemory(program.steps, program.outputs);
      for (const [{ name, shape }, slot] of plan.slotOf) {
        this.#limits.checkBytes(`${name} (${shape.join(', ')})`, plan.slotBytes[slot] ?? 0, SMALLER_BATCH);
      }
      const slots = this.#slots.take(plan.slotBytes);
      held.push(() => this.#slots.release(slots));
      const constants = this.#writeConstants(program, held);
      const placeOf = (value: Value): Place | undefined => {
        const constant = constants.get(value);
        if (constant !== undefined) return { buffer: constant, offset: 0, size: constant.size };
        if (value.pinned) return this.#pinned.place(value);
        const buffer = slots[plan.slotOf.get(value) ?? -1];
        const offset = plan.offsetOf.get(value);
        if (offset !== undefined) return buffer && { buffer, offset: 4 * offset, size: byteLength(value) };
        return buffer && { buffer, offset: 0, size: buffer.size };
      };
      const params = this.#writeParams(program);
      held.push(() => this.#destroy(params));
      const dispatches = program.steps.map((step, index) => {
        const grid = (variants[index] as AnyVariant).workgroups(step.params);
        this.#limits.checkGrid(step.kernel.name, grid);
        const ready = kernels[index] as ReadyKernel;
        return {
          pipeline: ready.pipeline,
          group: this.#bind(step, ready, params, index, placeOf),
          grid,
          flops: step.kernel.flops(step.params),
          chunk: step.chunk,
        };
      });
      const flops = dispatches.reduce((sum, dispatch) => sum + dispatch.flops, 0);
      return { program, dispatches, placeOf, flops, release };
    };
    return this.#scopes.run(program.name, body, release);
  }

  run(program: LoadedProgram, { chunks = Number.POSITIVE_INFINITY }: RunOptions = {}): void {
    this.#host.check();
    const loaded = program as Loaded;
    this.#last = loaded;
    let batch: Dispatch[] = [];
    let flops = 0;
    for (const dispatch of loaded.dispatches) {
      if (dispatch.chunk !== undefined && dispatch.chunk >= chunks) continue;
      if (batch.length > 0 && flops + dispatch.flops > this.#budget.flops) {
        this.#submit(batch, flops);
        batch = [];
        flops = 0;
      }
      batch.push(dispatch);
      flops += dispatch.flops;
    }
    this.#submit(batch, flops);
  }

  /**
   * For measuring only: queues one step of a program alone, `times` times in one submit, over what its bindings hold.
   * How much work later submits get doesn't change. Results of the program's own runs are no longer to be relied on.
   */
  replay(program: LoadedProgram, step: number, times: number): void {
    this.#host.check();
    const dispatch = (program as Loaded).dispatches[step];
    if (dispatch === undefined) throw new WebVeraError('internal', `${program.program.name} has no step ${step}`);
    this.#encode(Array(times).fill(dispatch), times * dispatch.flops);
  }

  async read(value: Value): Promise<ArrayBuffer> {
    if (value.shards !== undefined) {
      return joinBytes(await Promise.all(value.shards.map((shard) => this.read(shard.value))));
    }
    const known = value.pinned && this.#pinned.has(value);
    const place = known ? this.#pinned.place(value) : value.pinned ? undefined : this.#last?.placeOf(value);
    if (place === undefined) throw new WebVeraError('internal', `Value ${value.name} was read, but nothing made it`);
    const bytes = await this.#readback.read({ ...place, size: byteLength(value) });
    this.#budget.finished(performance.now());
    return bytes;
  }

  free(values: Iterable<Value>): void {
    for (const { value } of [...values].flatMap(shardsOf)) {
      const buffer = this.#pinned.take(value);
      if (buffer !== undefined) this.#destroy(buffer);
    }
    // With the last model goes what was kept to read from it.
    if (this.#pinned.isEmpty) this.#readback.trim();
  }

  close(): void {
    this.#readback.close();
    this.#host.close();
  }

  #submit(batch: readonly Dispatch[], flops: number): void {
    if (batch.length === 0) return;
    this.#encode(batch, flops);
    this.#budget.submitted(flops, performance.now());
  }

  #encode(batch: readonly Dispatch[], flops: number): void {
    const encoder = this.#host.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const { pipeline, group, grid } of batch) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...grid);
    }
    pass.end();
    this.#host.device.queue.submit([encoder.finish()]);
    this.counters.dispatches += batch.length;
    this.counters.submits += 1;
    this.counters.flops += flops;
  }

  #bind(
    step: Step,
    ready: ReadyKernel,
    params: GPUBuffer,
    index: number,
    placeOf: (value: Value) => Place | undefined,
  ): GPUBindGroup {
    const places = Object.entries(step.kernel.bindings).map(([name, access]) => {
      const value = step.values[name];
      const place = value && placeOf(value);
      if (place === undefined) throw new WebVeraError('internal', `${step.kernel.name}: nothing is bound to ${name}`);
      return { ...place, name, writes: access !== 'read' };
    });
    const clash = places.find((place, at) => places.some((other, i) => i !== at && !mayShare(place, other)));
    if (clash) throw new WebVeraError('internal', `${step.kernel.name}: ${clash.name} is written and bound twice`);
    this.counters.bindGroupsCreated += 1;
    return this.#host.device.createBindGroup({
      label: step.kernel.name,
      layout: ready.layout,
      entries: [
        { binding: 0, resource: { buffer: params, offset: index * PARAMS_STRIDE, size: PARAMS_STRIDE } },
        ...places.map(({ buffer, offset, size }, at) => ({ binding: at + 1, resource: { buffer, offset, size } })),
      ],
    });
  }

  #writeConstants(program: Program, held: (() => void)[]): Map<Value, GPUBuffer> {
    const buffers = new Map<Value, GPUBuffer>();
    for (const value of program.steps.flatMap(({ values }) => Object.values(values))) {
      if (value.content === undefined || buffers.has(value)) continue;
      const buffer = this.#createPinned(value);
      held.push(() => this.#destroy(buffer));
      this.#host.device.queue.writeBuffer(buffer, 0, value.content);
      buffers.set(value, buffer);
    }
    return buffers;
  }

  #writeParams(program: Program): GPUBuffer {
    const size = Math.max(1, program.steps.length) * PARAMS_STRIDE;
    const buffer = this.#createBuffer(`${program.name} params`, size, UNIFORM | COPY_DST);
    const bytes = new Uint8Array(size);
    program.steps.forEach(({ kernel, params }, index) => {
      bytes.set(new Uint8Array(packParams(kernel.params, params)), index * PARAMS_STRIDE);
    });
    this.#host.device.queue.writeBuffer(buffer, 0, bytes);
    this.counters.uploadedBytes += bytes.byteLength;
    return buffer;
  }

  #createPinned(value: Value): GPUBuffer {
    const bytes = byteLength(value);
    this.#limits.checkBytes(value.name, bytes, 'Choose a smaller model, or one stored in float16.');
    return this.#createBuffer(value.name, bytes);
  }

  #createBuffer(label: string, size: number, usage = STORAGE | COPY_SRC | COPY_DST): GPUBuffer {
    const buffer = this.#host.device.createBuffer({ label, size, usage });
    this.counters.created(size);
    return buffer;
  }

  #destroy(buffer: GPUBuffer): void {
    this.counters.destroyed(buffer.size);
    buffer.destroy();
  }
}
