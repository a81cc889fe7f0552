import type { LoadedProgram, Program, Runner } from '../../../src/graph/runner';
import type { Step } from '../../../src/graph/step';
import type { Value } from '../../../src/graph/value';

/** A runner without a device. It records the programs and values that it holds; `gate` can delay loads. */
export class FakeRunner implements Runner {
  maxBindingBytes = Number.POSITIVE_INFINITY;
  isSoftware = false;
  readonly failure = new AbortController().signal;
  readonly loaded = new Set<Program>();
  readonly held = new Set<Value>();
  /** The names of programs, in the order in which their loads began. */
  readonly loads: string[] = [];
  readonly prepared: Step[] = [];
  /** Each load waits for this promise. */
  gate: Promise<void> = Promise.resolve();

  usage = () => ({ dispatches: 0, submits: 0, flops: 0, buffers: 0, bytes: 0, peakBytes: 0 });
  write(): void {}
  run(): void {}
  prepare(steps: readonly Step[], onCompiled?: (share: number) => void): void {
    this.prepared.push(...steps);
    for (const share of [0.5, 1]) onCompiled?.(share);
  }
  read = async (): Promise<ArrayBuffer> => new ArrayBuffer(0);
  readAll = async (): Promise<ArrayBuffer> => new ArrayBuffer(0);

  async allocate(values: Iterable<Value>): Promise<void> {
    for (const value of values) this.held.add(value);
  }

  async load(program: Program): Promise<LoadedProgram> {
    this.loads.push(program.name);
    await this.gate;
    this.loaded.add(program);
    return { program, flops: 0, ready: Promise.resolve(), release: () => void this.loaded.delete(program) };
  }

  free(values: Iterable<Value>): void {
    for (const value of values) this.held.delete(value);
  }
}
