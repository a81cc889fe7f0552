import { untilAborted } from '../../src/core/async/abort';
import { DeviceHost, type DeviceInfo } from '../../src/gpu/device_host';
import { Executor } from '../../src/gpu/executor';
import { secondsPerRun } from '../../src/gpu/timing';
import { Graph } from '../../src/graph/graph';
import type { LoadedProgram } from '../../src/graph/runner';
import { pinned, type Value } from '../../src/graph/value';
import { emitFmaChain } from '../../src/ops/fma_chain';

export interface PeakOptions {
  /** Shortest duration of a sample, in seconds. Default: 0.2. */
  readonly sampleSeconds?: number;
  /** Samples of each rate. Default: 5. */
  readonly samples?: number;
  /** Bytes that a copy reads, and writes. Default: 128 MiB, or the largest binding of the device. */
  readonly copyBytes?: number;
  /** Called after each sample. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Rejects at once with the signal's reason. Work that the device has begun ends with its submit. */
  readonly signal?: AbortSignal | undefined;
}

/** The fastest rates of a device, with which kernels are compared. Each is the best of its samples. */
export interface PeakReport {
  /** Operations per second of multiply-adds in registers, in f32. Each multiply-add is two operations. */
  readonly flopsPerSecond: number;
  /** Bytes per second that a copy reads and writes, added up. */
  readonly bytesPerSecond: number;
  readonly device: DeviceInfo;
}

const MiB = 2 ** 20;
/** Enough threads for any GPU, in little memory. */
const CHAIN_ELEMENTS = 2 ** 20;
const FIRST_ROUNDS = 16;
/** Duration of a dispatch: so long that its start doesn't count, and so short that the page stays responsive. */
const DISPATCH_SECONDS = 0.01;
const MOST_ROUNDS = 2 ** 20;

/**
 * Measures multiply-adds that don't wait for memory, and a copy that waits for memory only. Opens a device of its own and closes it.
 * Throws `unsupported_device`.
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

/** Loads a chain of multiply-adds whose dispatch lasts `DISPATCH_SECONDS`. */
async function longChain(executor: Executor, x: Value, signal: AbortSignal | undefined): Promise<LoadedProgram> {
  for (let rounds = FIRST_ROUNDS; ; ) {
    const program = await load(executor, x, rounds);
    // Drivers may compile a kernel at its first use.
    await untilAborted(secondsPerRun(executor, program, 0), signal);
    let seconds = Number.POSITIVE_INFINITY;
    // Twice, because a pause of the machine looks like a long run.
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
  // The factor −1 keeps the numbers different and bounded.
  const y = emitFmaChain(g, x, { rounds, a: -1, b: 0.5 });
  return executor.load({ name: 'peak', steps: g.steps, outputs: [y] });
}

/** Places different numbers on the device, because it may multiply zeros faster. Writes them in parts, which need less memory here. */
async function numbers(executor: Executor, size: number): Promise<Value> {
  const x = pinned('x', [size]);
  await executor.allocate([x]);
  const part = new Float32Array(Math.min(size, MiB)).map((_, i) => Math.sin(i));
  for (let at = 0; at < size; at += part.length) executor.write(x, part.subarray(0, size - at), 4 * at);
  return x;
}
