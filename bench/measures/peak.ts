import { untilAborted } from '../../src/core/async/abort';
import { DeviceHost, type DeviceInfo } from '../../src/gpu/device_host';
import { Executor } from '../../src/gpu/executor';
import { secondsPerRun } from '../../src/gpu/timing';
import { Graph } from '../../src/graph/graph';
import type { LoadedProgram } from '../../src/graph/runner';
import { pinned, type Value } from '../../src/graph/value';
import { emitFmaChain } from '../../src/ops/fma_chain';

export interface PeakOptions {
  /** The minimum duration of a sample, in seconds. Default: 0.2. */
  readonly sampleSeconds?: number;
  /** The number of samples for each rate. Default: 5. */
  readonly samples?: number;
  /** The number of bytes that the copy reads, and also writes. At most the device's largest binding. Default: 128 MiB. */
  readonly copyBytes?: number;
  /** Called after each sample. */
  readonly onProgress?: (done: number, total: number) => void;
  /** An abort rejects the call at once with the signal's reason. The device still finishes the current submit. */
  readonly signal?: AbortSignal | undefined;
}

/** The peak rates of a device, with which kernels are compared. Each rate is the best of its samples. */
export interface PeakReport {
  /** Operations per second of multiply-adds in registers, in f32. Each multiply-add is two operations. */
  readonly flopsPerSecond: number;
  /** Bytes per second of a copy: those that it reads plus those that it writes. */
  readonly bytesPerSecond: number;
  readonly device: DeviceInfo;
}

const MiB = 2 ** 20;
/** The number of elements in the chain's input: enough to occupy any GPU, in little memory. */
const CHAIN_ELEMENTS = 2 ** 20;
const FIRST_ROUNDS = 16;
/** The seconds that a dispatch should take: so long that its start is negligible, and so short that the page stays responsive. */
const DISPATCH_SECONDS = 0.01;
const MOST_ROUNDS = 2 ** 20;

/**
 * Measures the rate of multiply-adds that don't wait for memory, and of a copy that only waits for memory. Opens its own device and closes
 * it. Throws `unsupported_device`.
 */
export async function measurePeak(
  gpu: GPU | undefined,
  { sampleSeconds = 0.2, samples = 5, copyBytes = 128 * MiB, onProgress, signal }: PeakOptions = {},
): Promise<PeakReport> {
  signal?.throwIfAborted();
  const host = await DeviceHost.open(gpu);
  const executor = new Executor(host);
  let done = 0;
  const best = async (program: LoadedProgram): Promise<number> => {
    let seconds = Number.POSITIVE_INFINITY;
    for (let sample = 0; sample < samples; sample++) {
      seconds = Math.min(seconds, await untilAborted(secondsPerRun(executor, program, sampleSeconds), signal));
      done += 1;
      onProgress?.(done, 2 * samples);
    }
    return seconds;
  };
  try {
    const chain = await longChain(executor, await numbers(executor, CHAIN_ELEMENTS), signal);
    const flopsPerSecond = chain.flops / (await best(chain));
    const size = Math.floor(Math.min(copyBytes, executor.maxBindingBytes) / 64) * 16;
    const copy = await load(executor, await numbers(executor, size), 0);
    const bytesPerSecond = (2 * 4 * size) / (await best(copy));
    return { flopsPerSecond, bytesPerSecond, device: host.info };
  } finally {
    executor.close();
  }
}

/** Loads a chain of multiply-adds that is long enough for a dispatch of `DISPATCH_SECONDS`. */
async function longChain(executor: Executor, x: Value, signal: AbortSignal | undefined): Promise<LoadedProgram> {
  for (let rounds = FIRST_ROUNDS; ; ) {
    const program = await load(executor, x, rounds);
    // This run isn't measured, because drivers may compile a kernel at its first use.
    await untilAborted(secondsPerRun(executor, program, 0), signal);
    let seconds = Number.POSITIVE_INFINITY;
    // Takes the shorter of two times, because a pause of the machine can make a time too long.
    for (let attempt = 0; attempt < 2; attempt++) {
      seconds = Math.min(seconds, await untilAborted(secondsPerRun(executor, program, DISPATCH_SECONDS), signal));
    }
    if (seconds >= DISPATCH_SECONDS || rounds >= MOST_ROUNDS) return program;
    program.release();
    rounds *= Math.max(2, Math.min(16, Math.ceil(DISPATCH_SECONDS / seconds)));
  }
}

async function load(executor: Executor, x: Value, rounds: number): Promise<LoadedProgram> {
  const g = new Graph();
  // With the factor −1, the values stay varied and bounded.
  const y = emitFmaChain(g, x, { rounds, a: -1, b: 0.5 });
  return executor.load({ name: 'peak', steps: g.steps, outputs: [y] });
}

/** Writes varied values to the device, because a device may multiply zeros faster. Writes them in chunks, to save this process's memory. */
async function numbers(executor: Executor, size: number): Promise<Value> {
  const x = pinned('x', [size]);
  await executor.allocate([x]);
  const part = new Float32Array(Math.min(size, MiB)).map((_, i) => Math.sin(i));
  for (let at = 0; at < size; at += part.length) executor.write(x, part.subarray(0, size - at), 4 * at);
  return x;
}
