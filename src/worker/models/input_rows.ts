import type { Breather } from '../../core/async/breather';
import type { SentExample } from '../../core/types/training';

interface InputReading {
  readonly inputs: readonly SentExample[];
  /** The name of the call in error messages. */
  readonly call: string;
  readonly breather: Breather;
  /** Checks an input. If it is set, the input's row is made only when it is needed. */
  readonly check?: ((input: SentExample, where: string) => void) | undefined;
  /** Converts an input of a call, such as a text, to the row that a batch holds. */
  row(input: SentExample, where: string): unknown;
}

/** Resolves with the rows of the inputs with these indices. */
type RowsAt = (indices: readonly number[]) => Promise<unknown[]>;

/**
 * Reads the inputs of a call. With `check`, each row is made when it is asked for, because rows such as those of images may not fit into
 * memory together. Rejects with the errors of `check` and `row`.
 */
export async function inputRows({ inputs, call, breather, check, row }: InputReading): Promise<RowsAt> {
  const rows: (() => unknown)[] = [];
  for (const [index, input] of inputs.entries()) {
    await breather.breathe();
    const where = `${call}: inputs[${index}]`;
    if (check === undefined) {
      const made = await row(input, where);
      rows.push(() => made);
    } else {
      check(input, where);
      rows.push(() => row(input, where));
    }
  }
  return async (indices) => {
    const asked: unknown[] = [];
    for (const index of indices) {
      await breather.breathe();
      asked.push(await rows[index]?.());
    }
    return asked;
  };
}
