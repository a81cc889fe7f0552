import { describe, expect, test } from 'vitest';
import { defineKernel } from '../../src/core/kernels/kernel';
import { Graph, type PassEnd, type Sink } from '../../src/graph/graph';
import { pinned, type Value } from '../../src/graph/value';
import { codeThrownBy } from '../helpers/bytes/safetensors_bytes';

const opKernel = defineKernel({ name: 'op', bindings: { a: 'read', b: 'read', y: 'write' }, params: {}, variants: [] });
const endKernel = defineKernel({ name: 'end', bindings: { y: 'write' }, params: {}, variants: [] });
const gradKernel = defineKernel({ name: 'grad', bindings: { dy: 'read', dx: 'write' }, params: {}, variants: [] });

/** One gradient request (`Sink`) that an op's backward function receives, with the name of the op's input. */
interface Told {
  readonly value: string;
  readonly wanted: boolean;
  readonly sum: Value | undefined;
}

/** Adds an op of two inputs. Its backward function records which gradients are requested, and returns a new value for each. */
function op(g: Graph, a: Value, b: Value, told: Told[] = []): Value {
  const { y } = g.emit(opKernel, { a, b }, { y: [1] }, {});
  g.differentiate(y, [a, b], (dy, [toA, toB]) => {
    const give = (value: Value, { wanted, sum }: Sink): Value | undefined => {
      told.push({ value: value.name, wanted, sum });
      return wanted ? g.emit(gradKernel, { dy }, { dx: [1] }, {}).dx : undefined;
    };
    return [give(a, toA), give(b, toB)];
  });
  return y;
}

const kernels = (g: Graph): string[] => g.steps.map(({ kernel }) => kernel.name);

describe('grad', () => {
  test('walks from the last op to the first', () => {
    const g = new Graph();
    const told: Told[] = [];
    const [x, w, v] = [pinned('x', [1]), pinned('w', [1]), pinned('v', [1])];
    g.train(w);
    const first = op(g, x, w, told);
    const last = op(g, first, v, told);
    const sums = g.grad(last, pinned('dy', [1]), new Map());
    expect(told.map(({ value }) => value)).toEqual(['op.y', 'v', 'x', 'w']);
    expect(kernels(g)).toEqual(['op', 'op', 'grad', 'grad']);
    // The first op's backward function receives the gradient that the last op's returned for the first op's result.
    expect(g.steps[3]?.values.dy).toBe(g.steps[2]?.values.dx);
    expect(sums.get(w)).toBe(g.steps[3]?.values.dx);
    expect(sums.has(v)).toBe(false);
  });

  test('wants nothing where nothing trains upstream, and leaves such ops out', () => {
    const g = new Graph();
    const told: Told[] = [];
    const [x, w] = [pinned('x', [1]), pinned('w', [1])];
    g.train(w);
    const frozen = op(g, x, pinned('frozen', [1]), told);
    const y = op(g, frozen, w, told);
    expect([g.trains(frozen), g.trains(y)]).toEqual([false, true]);
    g.grad(y, pinned('dy', [1]), new Map());
    expect(told).toEqual([
      { value: 'op.y', wanted: false, sum: undefined },
      { value: 'w', wanted: true, sum: undefined },
    ]);
  });

  test('passes on the sum so far of a value that several ops use', () => {
    const g = new Graph();
    const told: Told[] = [];
    const w = g.train(pinned('w', [1]));
    const shared = op(g, pinned('x', [1]), w);
    const left = op(g, shared, pinned('a', [1]), told);
    const y = op(g, left, shared, told);
    g.grad(y, pinned('dy', [1]), new Map());
    const ofShared = told.filter(({ value }) => value === 'op.y');
    // The op of y is differentiated first, when `left` and `shared` have no gradient. Then the op of `left` receives `shared`'s gradient.
    expect(ofShared.map(({ sum }) => sum)).toEqual([undefined, undefined, g.steps[4]?.values.dx]);
  });

  test('gathers in the buffers that are given', () => {
    const g = new Graph();
    const told: Told[] = [];
    const [w, into] = [g.train(pinned('w', [1])), pinned('gradients', [1])];
    g.grad(op(g, pinned('x', [1]), w, told), pinned('dy', [1]), new Map([[w, into]]));
    expect(told.find(({ value }) => value === 'w')?.sum).toBe(into);
  });

  test('an op on which the result does not depend has no backward', () => {
    const g = new Graph();
    const told: Told[] = [];
    const w = g.train(pinned('w', [1]));
    op(g, pinned('unused', [1]), w, told);
    g.grad(op(g, pinned('x', [1]), w), pinned('dy', [1]), new Map());
    expect(told).toEqual([]);
  });
});

describe('differentiateAll', () => {
  test("walks back once, with its results' gradients, and adds up the totals", () => {
    const g = new Graph();
    const w = g.train(pinned('w', [1]));
    const ys = [1, 2, 3].map(() => g.emit(gradKernel, { dy: w }, { dx: [1] }, {}).dx);
    const calls: (readonly (Value | undefined)[])[] = [];
    g.differentiateAll(ys, [w], (dys, sums) => {
      calls.push(dys);
      expect(sums.sink(w)).toEqual({ wanted: true, sum: undefined });
      sums.put(w, undefined);
      const total = g.emit(gradKernel, { dy: dys[0]! }, { dx: [1] }, {}).dx;
      sums.put(w, total);
      expect(sums.sink(w).sum).toBe(total);
    });
    expect(ys.every((y) => g.trains(y))).toBe(true);
    const last = op(g, ys[0]!, ys[2]!);
    const sums = g.grad(last, pinned('dy', [1]), new Map());
    expect(calls).toEqual([[g.steps[4]?.values.dx, undefined, g.steps[5]?.values.dx]]);
    expect(sums.get(w)).toBe(g.steps[6]?.values.dx);
  });

  test('is ignored where nothing trains', () => {
    const g = new Graph();
    const y = pinned('y', [1]);
    g.differentiateAll([y], [pinned('w', [1])], () => expect.unreachable());
    expect(g.trains(y)).toBe(false);
    g.grad(y, pinned('dy', [1]), new Map());
  });
});

describe('inPass', () => {
  /** Work at the end of a backward pass: it adds a step to the program. */
  class End implements PassEnd {
    readonly #g: Graph;
    constructor(g: Graph) {
      this.#g = g;
    }
    finish(): void {
      this.#g.emit(endKernel, {}, { y: [1] }, {});
    }
  }

  /** Adds an op whose backward function requests an `End` for its pass. */
  function ending(g: Graph, x: Value): Value {
    const { y } = g.emit(opKernel, { a: x, b: x }, { y: [1] }, {});
    g.differentiate(y, [x], (dy) => {
      expect(g.inPass(End)).toBe(g.inPass(End));
      return [g.emit(gradKernel, { dy }, { dx: [1] }, {}).dx];
    });
    return y;
  }

  test('ends each pass once, behind all that the pass appends', () => {
    const g = new Graph();
    const x = g.train(pinned('x', [1]));
    const first = ending(g, ending(g, x));
    const own = g.train(pinned('own', [1]));
    const mark = g.tapeLength;
    const part = ending(g, own);
    g.gradSince(mark, part, pinned('dpart', [1]), new Map());
    expect(kernels(g)).toEqual(['op', 'op', 'op', 'grad', 'end']);
    g.grad(first, pinned('dy', [1]), new Map());
    expect(kernels(g).slice(5)).toEqual(['grad', 'grad', 'end']);
  });

  test('refuses outside of a pass', () => {
    expect(codeThrownBy(() => new Graph().inPass(End))).toBe('internal');
  });
});

describe('gradSince', () => {
  test('walks back to the mark, and leaves the rest to grad', () => {
    const g = new Graph();
    const told: Told[] = [];
    const [w, v] = [g.train(pinned('w', [1])), g.train(pinned('v', [1]))];
    const before = op(g, pinned('x', [1]), w, told);
    const start = g.train(pinned('start', [1]));
    const mark = g.tapeLength;
    const part = op(g, start, v, told);
    const into = new Map([[v, pinned('dv', [1])]]);
    const sums = g.gradSince(mark, part, pinned('dpart', [1]), into);
    expect(told.map(({ value, sum }) => [value, sum?.name])).toEqual([
      ['start', undefined],
      ['v', 'dv'],
    ]);
    expect(sums.get(start)).toBe(g.steps[2]?.values.dx);
    expect(g.tapeLength).toBe(mark);
    told.length = 0;
    g.grad(before, pinned('dy', [1]), new Map());
    expect(told.map(({ value }) => value)).toEqual(['x', 'w']);
  });

  test('refuses to lose a gradient of an earlier op', () => {
    const g = new Graph();
    const w = g.train(pinned('w', [1]));
    const before = op(g, pinned('x', [1]), w);
    const mark = g.tapeLength;
    const part = op(g, before, pinned('v', [1]));
    expect(codeThrownBy(() => g.gradSince(mark, part, pinned('dy', [1]), new Map()))).toBe('internal');
  });
});

test('a value that stands twice among the inputs is refused', () => {
  const g = new Graph();
  const x = g.train(pinned('x', [1]));
  expect(codeThrownBy(() => op(g, x, x))).toBe('internal');
});

test('inChunk marks what its body emits, and nothing after it', () => {
  const g = new Graph();
  const x = pinned('x', [1]);
  const emit = (): void => void g.emit(gradKernel, { dy: x }, { dx: [1] }, {});
  emit();
  g.inChunk(0, () => {
    emit();
    g.inChunk(1, emit);
    emit();
  });
  expect(() =>
    g.inChunk(2, () => {
      throw new Error('oops');
    }),
  ).toThrow('oops');
  emit();
  expect(g.steps.map(({ chunk }) => chunk)).toEqual([undefined, 0, 1, 0, undefined]);
});

test('takes the maker of a value back, and refuses to read its results unless they are made again', () => {
  const g = new Graph();
  const made = g.emit(endKernel, {}, { y: [5] }, {}).y;
  const other = g.emit(endKernel, {}, { y: [5] }, {}).y;
  expect(g.takeBackMaker(made, () => false)).toBeUndefined();
  expect(g.takeBackMaker(made, () => true)?.values.y).toBe(made);
  expect(g.steps.map(({ values }) => values.y)).toEqual([other]);
  expect(codeThrownBy(() => g.emit(gradKernel, { dy: made }, { dx: [5] }, {}))).toBe('internal');
  g.emit(endKernel, {}, { y: made }, {});
  g.emit(gradKernel, { dy: made }, { dx: [5] }, {});
  // A later step reads `made`, so the step that computes it can't be removed.
  expect(g.takeBackMaker(made, () => true)).toBeUndefined();
});

test('takes no step back unless the graph joins steps', () => {
  const g = new Graph({ joinsSteps: false });
  const made = g.emit(endKernel, {}, { y: [5] }, {}).y;
  expect(g.takeBack(() => true)).toBeUndefined();
  expect(g.takeBackMaker(made, () => true)).toBeUndefined();
  expect(g.steps).toHaveLength(1);
});

describe('join', () => {
  const make = (g: Graph): Value => g.emit(endKernel, {}, { y: [5] }, {}).y;

  test('puts values side by side, once', () => {
    const g = new Graph();
    const values = [make(g), make(g)];
    const whole = g.join(values);
    expect(whole).toMatchObject({ shape: [72], pinned: false });
    expect(whole?.parts.map(({ value, offset }) => [value, offset])).toEqual([
      [values[0], 0],
      [values[1], 64],
    ]);
    expect(g.join(values)).toBe(whole);
  });

  test("doesn't join a value that already has another place", () => {
    const g = new Graph();
    const [a, b, c] = [make(g), make(g), make(g)];
    expect(g.join([a, pinned('x', [5])])).toBeUndefined();
    const whole = g.join([a, b]);
    expect(whole).toBeDefined();
    expect(g.join([b, a])).toBeUndefined();
    expect(g.join([a, b, c])).toBeUndefined();
    expect(g.join([c, a])).toBeUndefined();
    expect(g.join([c, whole!])).toBeUndefined();
  });

  test('finds the joined value that has some values among its parts', () => {
    const g = new Graph();
    const [a, b, c] = [make(g), make(g), make(g)];
    const whole = g.join([a, b, c]);
    expect(g.wholeOf([c, a])).toBe(whole);
    expect(g.wholeOf([a, make(g)])).toBeUndefined();
    expect(g.wholeOf([make(g), make(g)])).toBeUndefined();
  });

  test("doesn't join two values if one step reads the first to make the second", () => {
    const g = new Graph();
    const a = make(g);
    const { dx } = g.emit(gradKernel, { dy: a }, { dx: [5] }, {});
    expect(g.join([a, dx])).toBeUndefined();
    expect(g.join([make(g), dx])).toBeDefined();
  });
});
