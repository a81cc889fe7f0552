/** The points of a curve, by ascending steps. */
export interface CurveColumns {
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/** Collects the points of a curve in typed arrays, because a run may have many thousands of steps. */
export class CurvePoints {
  #steps = new Float64Array(256);
  #values = new Float64Array(256);
  #length = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** The lowest and the highest value of all points. */
  get range(): readonly [low: number, high: number] {
    const values = this.#values.subarray(0, this.#length);
    return [
      values.reduce((low, one) => Math.min(low, one), Infinity),
      values.reduce((high, one) => Math.max(high, one), 0),
    ];
  }

  clear(): void {
    this.#length = 0;
  }

  /** Removes all points from this step on, because a recovered run repeats steps. Then adds the point, if its value is finite. */
  add(step: number, value: number): void {
    while (this.#length > 0 && (this.#steps[this.#length - 1] ?? 0) >= step) this.#length--;
    if (!Number.isFinite(value)) return;
    if (this.#length === this.#steps.length) {
      this.#steps = doubled(this.#steps);
      this.#values = doubled(this.#values);
    }
    this.#steps[this.#length] = step;
    this.#values[this.#length] = value;
    this.#length++;
  }

  /** Returns at most `most` points, each of which is the mean of some neighbouring points. */
  thinned(most: number): CurveColumns {
    const size = Math.max(1, Math.ceil(this.#length / most));
    const means = (column: Float64Array): number[] =>
      Array.from({ length: Math.ceil(this.#length / size) }, (_, index) => {
        const group = column.subarray(index * size, Math.min(this.#length, (index + 1) * size));
        return group.reduce((sum, one) => sum + one, 0) / group.length;
      });
    return { steps: means(this.#steps), values: means(this.#values) };
  }
}

function doubled(column: Float64Array): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(2 * column.length);
  longer.set(column);
  return longer;
}

/** Returns the steps of both curves, and the values of each curve at these steps: null where it has no point. */
export function aligned(
  first: CurveColumns,
  second: CurveColumns,
): [steps: number[], first: (number | null)[], second: (number | null)[]] {
  const [at, ofFirst, ofSecond]: [number[], (number | null)[], (number | null)[]] = [[], [], []];
  for (let i = 0, j = 0; i < first.steps.length || j < second.steps.length; ) {
    const [one = Infinity, other = Infinity] = [first.steps[i], second.steps[j]];
    at.push(Math.min(one, other));
    ofFirst.push(one <= other ? (first.values[i++] ?? null) : null);
    ofSecond.push(other <= one ? (second.values[j++] ?? null) : null);
  }
  return [at, ofFirst, ofSecond];
}
