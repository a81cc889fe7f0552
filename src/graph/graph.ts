import { WebVeraError } from '../core/errors/error';
import type { Bindings, Kernel, Params, ParamTypes } from '../core/kernels/kernel';
import type { Shape } from '../core/numbers/shape';
import { madeBy, type Step, usedBy } from './step';
import { type JoinedValue, joined, transient, type Value, withParts } from './value';

/**
 * A backward closure's request for the gradient of one input. `sum` is the gradient that other uses of the value have contributed so far:
 * add to it and return the total.
 */
export interface Sink {
  /** False if no trained value is upstream of the input. The closure then returns undefined for it. */
  readonly wanted: boolean;
  readonly sum: Value | undefined;
}

type GivenValues<B extends Bindings> = { readonly [K in keyof B as B[K] extends 'write' ? never : K]: Value };
type MadeShapes<B extends Bindings> = { readonly [K in keyof B as B[K] extends 'write' ? K : never]: Shape | Value };
type Results<B extends Bindings> = { readonly [K in keyof B as B[K] extends 'write' ? K : never]: Value };
type Sinks<W extends readonly Value[]> = { readonly [K in keyof W]: Sink };
type Gradients<W extends readonly Value[]> = { readonly [K in keyof W]: Value | undefined };

/** Steps that ops defer during a backward pass. `finish` appends them at the end of the pass. */
export interface PassEnd {
  finish(): void;
}

/** The gradients that a backward pass has computed so far. */
interface Sums {
  sink(value: Value): Sink;
  /** Sets the total gradient of a value; undefined if it isn't wanted. */
  put(value: Value, total: Value | undefined): void;
}

interface TapeEntry {
  readonly ys: readonly Value[];
  readonly backward: (dys: readonly (Value | undefined)[], sums: Sums) => void;
}

export interface GraphOptions {
  /** Whether an op may replace a step by one that also does the op's work: `takeBack` and `takeBackMaker` remove steps. Default: true. */
  readonly joinsSteps?: boolean | undefined;
}

/** A program under construction. Ops append forward steps and record closures on the tape; the closures later append the backward steps. */
export class Graph {
  readonly steps: Step[] = [];
  readonly #tape: TapeEntry[] = [];
  readonly #active = new Set<Value>();
  /** For each value that was joined with others: the joined value that contains it. */
  readonly #whole = new Map<Value, JoinedValue>();
  /** Results of steps that `takeBackMaker` removed, unless another step made them again. */
  readonly #removed = new Set<Value>();
  readonly #joinsSteps: boolean;
  #pass: PassEnd[] | undefined;
  #chunk: number | undefined;

  constructor({ joinsSteps = true }: GraphOptions = {}) {
    this.#joinsSteps = joinsSteps;
  }

  /**
   * Appends a dispatch. `given` holds the values that it reads or updates. `made` holds the shapes of the f32 values that it creates, or
   * values of a step that `takeBack` or `takeBackMaker` removed. Throws `limit_exceeded` for a value that is split into shards: ops that
   * support shards emit one dispatch for each shard.
   */
  emit<B extends Bindings, P extends ParamTypes>(
    kernel: Kernel<B, P>,
    given: GivenValues<B>,
    made: MadeShapes<B>,
    params: Params<P>,
  ): Results<B> {
    for (const value of Object.values<Value>(given)) {
      if (value.shards !== undefined) throw tooLarge(kernel.name, value);
      if (this.#removed.has(value)) throw new WebVeraError('internal', `${kernel.name}: ${value.name} was taken back`);
    }
    const results: Record<string, Value> = {};
    for (const [name, one] of Object.entries<Shape | Value>(made)) {
      const result = 'shape' in one ? one : transient(`${kernel.name}.${name}`, one);
      results[name] = result;
      for (const value of withParts(result)) this.#removed.delete(value);
    }
    // The types of this method's parameters match values and params with the kernel, so a step needs no type parameters.
    this.steps.push({ kernel, values: { ...given, ...results }, params: { ...params }, chunk: this.#chunk });
    return results as Results<B>;
  }

  /**
   * Removes the last step and returns it, if the graph joins steps, `fits` accepts it and it belongs to the current chunk; returns undefined
   * otherwise. The caller then emits a step that makes the same values, and more.
   */
  takeBack(fits: (step: Step) => boolean): Step | undefined {
    const last = this.steps.at(-1);
    return last !== undefined && this.#accepts(last, fits) ? this.steps.pop() : undefined;
  }

  /**
   * Removes the step that made `value` and returns it, if the graph joins steps, `fits` accepts it, it belongs to the current chunk, and no
   * step has used its results; returns undefined otherwise. Results that the caller doesn't make again must not be used.
   */
  takeBackMaker(value: Value, fits: (step: Step) => boolean): Step | undefined {
    const index = this.steps.findLastIndex((step) => madeBy(step).includes(value));
    const step = this.steps[index];
    if (step === undefined || !this.#accepts(step, fits)) return undefined;
    const results = madeBy(step);
    const isUsed = this.steps.slice(index + 1).some((later) => usedBy(later).some((used) => results.includes(used)));
    if (isUsed) return undefined;
    for (const value of results) this.#removed.add(value);
    return this.steps.splice(index, 1)[0];
  }

  #accepts(step: Step, fits: (step: Step) => boolean): boolean {
    return this.#joinsSteps && step.chunk === this.#chunk && fits(step);
  }

  /**
   * Joins distinct transient f32 values into one value, so that a kernel can bind them together. Returns undefined if they can't share a
   * buffer: one of them is joined with other values already, or one step reads one of them and writes another.
   */
  join(values: readonly Value[]): JoinedValue | undefined {
    const known = values.map((value) => this.#whole.get(value));
    const [first] = known;
    if (first !== undefined && sameParts(first, values)) return first;
    const apart = known.every((whole) => whole === undefined) && values.every(({ pinned, parts }) => !pinned && !parts);
    if (!apart || this.steps.some((step) => readsAndMakes(step, values))) return undefined;
    const whole = joined(`${values[0]?.name ?? ''} and others`, values);
    for (const value of values) this.#whole.set(value, whole);
    return whole;
  }

  /** Returns the joined value that contains all of these values, if there is one. */
  wholeOf(values: readonly Value[]): JoinedValue | undefined {
    const [first, ...others] = values.map((value) => this.#whole.get(value));
    return others.every((whole) => whole === first) ? first : undefined;
  }

  /** Marks a value as trained: gradients flow to it, but not to values upstream of its first use. */
  train(value: Value): Value {
    this.#active.add(value);
    return value;
  }

  /** Whether a trained value is upstream of `value`. */
  trains(value: Value): boolean {
    return this.#active.has(value);
  }

  /**
   * Declares how to compute the gradients of `wrt`, which are distinct values, from the gradient of `y`. Does nothing if no gradient flows
   * to any of them.
   */
  differentiate<const W extends readonly Value[]>(
    y: Value,
    wrt: W,
    backward: (dy: Value, sinks: Sinks<W>) => Gradients<W>,
  ): void {
    if (new Set(wrt).size < wrt.length) {
      throw new WebVeraError('internal', `${y.name}: a value occurs twice among the inputs of its gradient`);
    }
    this.differentiateAll([y], wrt, ([dy], sums) => {
      if (dy === undefined) return;
      const totals = backward(dy, wrt.map((value) => sums.sink(value)) as unknown as Sinks<W>);
      for (const [index, value] of wrt.entries()) sums.put(value, totals[index]);
    });
  }

  /**
   * Like `differentiate`, for an op with several results. `backward` is called once, with the gradients of the results (at least one is
   * defined), and must itself set the total gradients of `wrt` by `Sums.put`.
   */
  differentiateAll(ys: readonly Value[], wrt: readonly Value[], backward: TapeEntry['backward']): void {
    if (!wrt.some((value) => this.#active.has(value))) return;
    for (const y of ys) this.#active.add(y);
    this.#tape.push({ ys, backward });
  }

  /** Assigns every step that `body` emits to chunk `index`, which a run can skip. */
  inChunk<T>(index: number, body: () => T): T {
    const outer = this.#chunk;
    this.#chunk = index;
    try {
      return body();
    } finally {
      this.#chunk = outer;
    }
  }

  /**
   * Appends the backward steps, from `dy` (the gradient of `y`) down to the trained values. `into` holds the pinned buffer in which the
   * gradient of each trained value accumulates.
   */
  grad(y: Value, dy: Value, into: ReadonlyMap<Value, Value>): Map<Value, Value> {
    return this.#back(this.#tape, y, dy, into);
  }

  /**
   * Returns the object of class `type` that belongs to the current backward pass. It is created on first use, and its `finish` appends the
   * deferred steps at the end of the pass.
   */
  inPass<T extends PassEnd>(type: new (g: Graph) => T): T {
    if (this.#pass === undefined) throw new WebVeraError('internal', `${type.name} belongs to a backward pass`);
    const known = this.#pass.find((end): end is T => end instanceof type);
    if (known !== undefined) return known;
    const made = new type(this);
    this.#pass.push(made);
    return made;
  }

  /** The tape's length, for a later `gradSince`. */
  get tapeLength(): number {
    return this.#tape.length;
  }

  /**
   * Like `grad`, but only for ops recorded since the tape had length `mark`. They are removed from the tape, so a later `grad` ignores
   * them. Throws `internal` if a gradient would have to flow to an earlier op.
   */
  gradSince(mark: number, y: Value, dy: Value, into: ReadonlyMap<Value, Value>): Map<Value, Value> {
    const sums = this.#back(this.#tape.splice(mark), y, dy, into);
    const lost = this.#tape.flatMap(({ ys }) => ys).find((value) => sums.has(value));
    if (lost !== undefined) {
      throw new WebVeraError('internal', `The gradient of ${lost.name} would have to go further back than asked for`);
    }
    return sums;
  }

  #back(tape: readonly TapeEntry[], y: Value, dy: Value, into: ReadonlyMap<Value, Value>): Map<Value, Value> {
    const outer = this.#pass;
    const pass: PassEnd[] = [];
    this.#pass = pass;
    try {
      const sums = this.#walk(tape, y, dy, into);
      for (const end of pass) end.finish();
      return sums;
    } finally {
      this.#pass = outer;
    }
  }

  #walk(tape: readonly TapeEntry[], y: Value, dy: Value, into: ReadonlyMap<Value, Value>): Map<Value, Value> {
    const sums = new Map<Value, Value>(into);
    sums.set(y, dy);
    const totals: Sums = {
      sink: (value) => ({ wanted: this.#active.has(value), sum: sums.get(value) }),
      put: (value, total) => {
        if (total !== undefined) sums.set(value, total);
      },
    };
    for (const { ys, backward } of tape.toReversed()) {
      const dys = ys.map((value) => sums.get(value));
      if (dys.some((gradient) => gradient !== undefined)) backward(dys, totals);
    }
    return sums;
  }
}

function tooLarge(kernel: string, { name, shards = [] }: Value): WebVeraError {
  return new WebVeraError(
    'limit_exceeded',
    `${kernel}: expected ${name} in one piece, but this GPU binds only parts of it: it lies in ${shards.length}`,
    { hint: 'Choose a smaller model, or one stored in float16.' },
  );
}

function sameParts({ parts }: JoinedValue, values: readonly Value[]): boolean {
  return parts.length === values.length && parts.every(({ value }, index) => value === values[index]);
}

/**
 * Whether the step reads one of the values and writes another. Joined values share one buffer, and WebGPU doesn't allow a dispatch to both
 * read and write a buffer.
 */
function readsAndMakes(step: Step, values: readonly Value[]): boolean {
  const isOne = (value: Value): boolean => values.includes(value);
  return madeBy(step).some(isOne) && usedBy(step).some(isOne);
}
