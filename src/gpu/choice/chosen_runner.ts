import type { LoadedProgram, LoadProgramOptions, Program, Runner, RunnerUsage, RunOptions } from '../../graph/runner';
import type { Step } from '../../graph/step';
import type { Value } from '../../graph/value';
import type { Executor } from '../executor';
import type { ChosenVariants } from './choice';

/** Runs programs on a shared executor, with a choice of variants that other users of the executor can't change. */
export class ChosenRunner implements Runner {
  readonly #executor: Executor;
  /** The choice for programs that are loaded from now on. Initially the executor's choice. */
  chosen: ChosenVariants;

  constructor(executor: Executor) {
    this.#executor = executor;
    this.chosen = executor.chosen;
  }

  get maxBindingBytes(): number {
    return this.#executor.maxBindingBytes;
  }

  get isSoftware(): boolean {
    return this.#executor.isSoftware;
  }

  get failure(): AbortSignal {
    return this.#executor.failure;
  }

  load(program: Program, options: LoadProgramOptions = {}): Promise<LoadedProgram> {
    return this.#executor.load(program, { ...options, chosen: this.chosen });
  }

  prepare(steps: readonly Step[], onCompiled?: (share: number) => void): void {
    this.#executor.prepare(steps, onCompiled, this.chosen);
  }

  usage(): RunnerUsage {
    return this.#executor.usage();
  }

  allocate(values: Iterable<Value>): Promise<void> {
    return this.#executor.allocate(values);
  }

  write(value: Value, data: ArrayBufferView<ArrayBuffer>, byteOffset?: number): void {
    this.#executor.write(value, data, byteOffset);
  }

  run(loaded: LoadedProgram, options?: RunOptions): void {
    this.#executor.run(loaded, options);
  }

  read(value: Value): Promise<ArrayBuffer> {
    return this.#executor.read(value);
  }

  readAll(values: readonly Value[]): Promise<ArrayBuffer> {
    return this.#executor.readAll(values);
  }

  free(values: Iterable<Value>): void {
    this.#executor.free(values);
  }
}
