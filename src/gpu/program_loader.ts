import { WebVeraError } from '../core/errors/error';
import { type AnyVariant, firstOffset, type Grid, packParams } from '../core/kernels/kernel';
import type { LoadedProgram, Program } from '../graph/runner';
import type { Step } from '../graph/step';
import type { Value } from '../graph/value';
import { totalFlops } from '../graph/work';
import type { GpuCounters } from './counters';
import type { DeviceHost } from './device_host';
import type { DeviceQueue } from './device_queue';
import type { DeviceMemory } from './memory/device_memory';
import { type BufferRange, mayShare } from './memory/pinned_buffers';
import { PARAMS_STRIDE, type ProgramMemory, takeMemory } from './memory/program_memory';
import { type CompiledKernel, Pipelines } from './pipelines';

export interface Dispatch {
  readonly kernel: CompiledKernel;
  readonly group: GPUBindGroup;
  readonly grid: Grid;
  readonly flops: number;
  /** Whether the dispatch can be split into pieces. */
  readonly splits: boolean;
  /** The position in memory of `first_x` and `first_y`, which say where a piece of the dispatch begins. */
  readonly firstAt: Pick<BufferRange, 'buffer' | 'offset'>;
  readonly chunk: number | undefined;
}

interface ChosenKernel {
  readonly variant: AnyVariant;
  readonly kernel: CompiledKernel;
}

/** A program with its bind groups. Its kernels may still be compiling. */
export interface GpuProgram extends LoadedProgram {
  readonly dispatches: readonly Dispatch[];
  readonly placeOf: (value: Value) => BufferRange | undefined;
}

/** Prepares programs for replay: requests their pipelines, allocates their memory, and creates their bind groups once. */
export class ProgramLoader {
  readonly #host: DeviceHost;
  readonly #queue: DeviceQueue;
  readonly #memory: DeviceMemory;
  readonly #counters: GpuCounters;
  readonly #pipelines: Pipelines;

  constructor(host: DeviceHost, queue: DeviceQueue, memory: DeviceMemory, counters: GpuCounters) {
    this.#host = host;
    this.#queue = queue;
    this.#memory = memory;
    this.#counters = counters;
    this.#pipelines = new Pipelines(host, counters);
  }

  /** Compiles in the order of first use, so that a run can begin while later kernels still compile. */
  compile(steps: readonly Step[], choose: (step: Step) => AnyVariant): ChosenKernel[] {
    return steps.map((step) => {
      const variant = choose(step);
      return { variant, kernel: this.#pipelines.get(step.kernel, variant) };
    });
  }

  /** Appends to `held` the functions that free the allocated memory, even if it throws. */
  load(program: Program, choose: (step: Step) => AnyVariant, held: (() => void)[]): Omit<GpuProgram, 'release'> {
    const { limits } = this.#memory;
    const memory = takeMemory(program, this.#memory, held);
    const { params, placeOf } = memory;
    const kernels = this.compile(program.steps, choose);
    this.#write(program, memory);
    const dispatches = program.steps.map((step, index): Dispatch => {
      const { variant, kernel } = kernels[index] as ChosenKernel;
      const grid = variant.workgroups(step.params);
      limits.checkGrid(step.kernel.name, grid);
      const offset = index * PARAMS_STRIDE;
      const group = this.#bind(step, kernel, { buffer: params, offset }, placeOf);
      const firstAt = { buffer: params, offset: offset + firstOffset(step.kernel.params) };
      const flops = step.kernel.flops(step.params);
      return { kernel, group, grid, flops, splits: variant.splits, firstAt, chunk: step.chunk };
    });
    const ready = Promise.all(kernels.map(({ kernel }) => kernel.ready)).then(() => {});
    // Callers that await `ready` receive the error.
    ready.catch(() => {});
    return { program, dispatches, ready, placeOf, flops: totalFlops(program.steps) };
  }

  #bind(
    step: Step,
    { layout }: CompiledKernel,
    params: Pick<BufferRange, 'buffer' | 'offset'>,
    placeOf: (value: Value) => BufferRange | undefined,
  ): GPUBindGroup {
    const places = Object.entries(step.kernel.bindings).map(([name, access]) => {
      const value = step.values[name];
      const place = value && placeOf(value);
      if (place === undefined) throw new WebVeraError('internal', `${step.kernel.name}: nothing is bound to ${name}`);
      return { ...place, name, writes: access !== 'read' };
    });
    const clash = places.find((place, at) => places.some((other, i) => i !== at && !mayShare(place, other)));
    if (clash) throw new WebVeraError('internal', `${step.kernel.name}: ${clash.name} is written and bound twice`);
    this.#counters.bindGroupsCreated += 1;
    return this.#host.device.createBindGroup({
      label: step.kernel.name,
      layout,
      entries: [
        { binding: 0, resource: { ...params, size: PARAMS_STRIDE } },
        ...places.map(({ buffer, offset, size }, at) => ({ binding: at + 1, resource: { buffer, offset, size } })),
      ],
    });
  }

  #write({ steps }: Program, { params, constants }: ProgramMemory): void {
    for (const [{ content }, buffer] of constants) if (content !== undefined) this.#queue.write(buffer, 0, content);
    const bytes = new Uint8Array(params.size);
    steps.forEach(({ kernel, params: numbers }, index) => {
      bytes.set(new Uint8Array(packParams(kernel.params, numbers)), index * PARAMS_STRIDE);
    });
    this.#queue.write(params, 0, bytes);
  }
}
