import { WebVeraError } from '../../../core/errors/error';
import { numel } from '../../../core/numbers/shape';
import type { Graph } from '../../../graph/graph';
import { transient, type Value, viewOf } from '../../../graph/value';
import type { LoraBranch } from '../../../ops/lora/lora_linear';
import { joinAll } from '../../../ops/products/parts';
import { emitMatrices, entriesWithin, type SharedEntries } from '../../../ops/unilora/unilora_matrices';
import type { MatricesLayout, MatrixSlots } from '../unilora_layout';

/** The matrices of a module, computed from the vector. */
export type ModuleBranch = Omit<LoraBranch, 'x'>;

/** An adapter's vector, and the positions of its values in the matrices. */
interface SharedMatrices {
  /** The adapter's pool, which begins with the vector. */
  readonly pool: Value;
  readonly matrices: MatricesLayout;
  readonly entries: SharedEntries;
}

/**
 * Emits the computation of all modules' matrices from the vector, for the layers that follow in the program. No gradient flows to the
 * vector.
 */
export function emitBranches(g: Graph, { pool, matrices, entries }: SharedMatrices): Map<string, ModuleBranch> {
  const branches = new Map<string, ModuleBranch>();
  for (const [name, slots] of matrices.modules) {
    branches.set(name, transientBranch(name, slots));
  }
  const whole = joinAll(
    g,
    [...branches.values()].flatMap(({ A, B }) => [A, B]),
  );
  emitMatrices(g, pool, entries, whole);
  return branches;
}

/** Emits the computation of one module's matrices, without a gradient. Throws `internal` for a module that isn't wrapped. */
export function emitBranch(g: Graph, { pool, matrices, entries }: SharedMatrices, module: string): ModuleBranch {
  const slots = matrices.modules.get(module);
  if (slots === undefined) throw new WebVeraError('internal', `The adapter doesn't wrap ${module}`);
  const branch = transientBranch(module, slots);
  const whole = joinAll(g, [branch.A, branch.B]);
  emitMatrices(g, pool, entriesWithin(entries, slots.A.offset, numel(whole.shape)), whole);
  return branch;
}

function transientBranch(module: string, { A, B }: MatrixSlots): ModuleBranch {
  return { A: transient(`${module}.A`, A.shape), B: transient(`${module}.B`, B.shape), scale: 1 };
}

/** Returns the matrices of all modules as views of a pinned buffer. */
export function branchesIn({ matrices }: Pick<SharedMatrices, 'matrices'>, buffer: Value): Map<string, ModuleBranch> {
  return new Map(
    [...matrices.modules].map(([name, { A, B }]) => [
      name,
      {
        A: viewOf(buffer, `${buffer.name}: ${name}.A`, A.shape, A.offset),
        B: viewOf(buffer, `${buffer.name}: ${name}.B`, B.shape, B.offset),
        scale: 1,
      },
    ]),
  );
}
