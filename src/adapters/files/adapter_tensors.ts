import type { Warn } from '../../core/errors/warning';
import type { Shape } from '../../core/numbers/shape';
import type { Tensor } from '../../core/types/tensor';

/** The tensors of an adapter, by the names that PEFT saves them under. */
export interface AdapterTensors {
  /** The adapter's own parameters, which the base model doesn't have. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** The adapter's tensors that never train. If the adapter was read from a file, only those in the file. Most adapter kinds have none. */
  readonly frozen: ReadonlyMap<string, Tensor>;
  /** The base model's biases that train, and the tensors of its modules that are saved whole. */
  readonly others: ReadonlyMap<string, Tensor>;
}

/** The tensors of an adapter that train. */
export type TrainedNumbers = Pick<AdapterTensors, 'parameters' | 'others'>;

/** The tensors that an adapter's file must or may have, given the model and the configuration. */
export interface ExpectedTensors {
  /** The shapes of the adapter's own parameters, by their names in the file, in the model's order. All must be present. */
  readonly parameters: ReadonlyMap<string, Shape>;
  readonly others: ReadonlyMap<string, ExpectedOther>;
  /**
   * The shapes of the base model's weights. A file may contain some of them: PEFT saves an embedding and a head with the adapter if the
   * vocabulary was resized.
   */
  readonly base: ReadonlyMap<string, Shape>;
  readonly rules: FileRules;
  /** Returns a parameter's name in torch's `state_dict()`, given its name in a file, which doesn't contain the adapter's name. */
  parameterName(saved: string, adapter: string): string;
}

export interface ExpectedOther {
  readonly shape: Shape;
  /**
   * 'bias': a trained bias, which may be missing, because PEFT up to 0.20.0 saved none. 'module': a tensor of a module that is saved whole;
   * it must be present.
   */
  readonly kind: 'bias' | 'module';
  /** The name of the module that is saved whole, if the tensor belongs to a module inside that one. */
  readonly root?: string;
}

/** The shapes of a file's tensors, by tensor name. */
export type StoredShapes = ReadonlyMap<string, { readonly shape: Shape }>;

/** The rules for the frozen tensors in an adapter's file, which differ between adapter kinds. */
export interface FileRules {
  /** The names of the frozen tensors (which never train) that a file may contain. */
  readonly frozen: readonly string[];
  /** Chooses the frozen tensors to read from a file, and returns the shapes that they must have. Throws and warns as PEFT does. */
  chooseFrozen(stored: StoredShapes, warn: Warn | undefined): ReadonlyMap<string, Shape>;
}

/** The rules of adapter kinds whose files contain only trained tensors. */
export const TRAINED_ALONE: FileRules = { frozen: [], chooseFrozen: () => new Map() };

/** Returns the name in torch's `named_parameters()` of a trained bias, or of a tensor of a module that is saved whole. */
export function otherParameter(
  saved: string,
  { kind, root = saved.slice(0, saved.lastIndexOf('.')) }: Omit<ExpectedOther, 'shape'>,
  adapter: string,
): string {
  return kind === 'bias' ? saved : `${root}.modules_to_save.${adapter}${saved.slice(root.length)}`;
}
