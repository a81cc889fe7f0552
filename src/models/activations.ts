import type { Fields } from '../core/input/fields';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { geglu } from '../ops/activations/geglu';
import { gelu } from '../ops/activations/gelu';
import { geluNew } from '../ops/activations/gelu_new';
import { relu } from '../ops/activations/relu';
import { silu } from '../ops/activations/silu';
import { swiglu } from '../ops/activations/swiglu';
import { mul } from '../ops/mul';
import { oneOf } from './config_fields';

/** An activation function: applied alone, and in a gated MLP. */
interface Activation {
  /** The name of the module's class in torch. */
  readonly type: string;
  /** act(x). */
  apply(g: Graph, x: Value): Value;
  /** act(gate) · up. */
  gate(g: Graph, gate: Value, up: Value): Value;
}

/** Returns an activation that has no fused kernel for gated MLPs: `gate` applies the activation, and then multiplies elementwise. */
function plain(apply: Activation['apply']): Omit<Activation, 'type'> {
  return { apply, gate: (g, gate, up) => mul(g, apply(g, gate), up) };
}

const GELU = plain(gelu);
/** GELU's tanh approximation, under several names in `ACT2FN`. In torch, their results differ only by rounding. */
const GELU_NEW = { apply: geluNew, gate: geglu };
const SILU = { apply: silu, gate: swiglu };

/** The supported entries of transformers' `ACT2FN`, by their names there. */
export const ACTIVATIONS = {
  gelu: { type: 'GELUActivation', ...GELU },
  gelu_python: { type: 'GELUActivation', ...GELU },
  gelu_new: { type: 'NewGELUActivation', ...GELU_NEW },
  gelu_fast: { type: 'FastGELUActivation', ...GELU_NEW },
  gelu_accurate: { type: 'AccurateGELUActivation', ...GELU_NEW },
  gelu_pytorch_tanh: { type: 'GELUTanh', ...GELU_NEW },
  gelu_python_tanh: { type: 'GELUTanh', ...GELU_NEW },
  quick_gelu: { type: 'QuickGELUActivation', ...plain((g, x) => silu(g, x, 1.702)) },
  relu: { type: 'ReLU', ...plain(relu) },
  silu: { type: 'SiLUActivation', ...SILU },
  swish: { type: 'SiLU', ...SILU },
} as const satisfies Readonly<Record<string, Activation>>;

export type ActivationName = keyof typeof ACTIVATIONS;

const NAMES = Object.keys(ACTIVATIONS) as readonly ActivationName[];

/**
 * Parses the activation that a field names; returns `fallback` if the field is missing. Throws `invalid_format` for a value that isn't a
 * string, `unsupported_model` for another name.
 */
export function parseActivation(fields: Fields, key: string, fallback: ActivationName): ActivationName {
  return oneOf(fields, key, [fallback, ...NAMES.filter((name) => name !== fallback)]);
}
