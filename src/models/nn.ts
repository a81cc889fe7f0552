import { WebVeraError } from '../core/errors/error';
import type { ModuleInfo } from '../core/types/model';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { layerNorm as layerNormOp } from '../ops/norms/layer_norm';
import { rmsNorm as rmsNormOp } from '../ops/norms/rms_norm';
import { embedding as embeddingOp } from '../ops/rows/embedding';
import { ACTIVATIONS, type ActivationName } from './activations';
import type { Inputs, Network, WeightSpec } from './architecture';
import type { Layers } from './layers';

/*
 * The modules of networks, as in torch's `nn`. A module names its children once, and its `forward` uses them. The list of modules and
 * the tensors of the weight files are derived from these names.
 */

/** A forward pass: the graph to which modules add their operations, the layers with adapters applied, and the network's inputs. */
export interface ForwardPass {
  readonly g: Graph;
  readonly layers: Layers;
  readonly inputs: Inputs;
}

/** A module with its name in a network. */
export interface Module {
  /** The full name of the module, with which the names of its tensors begin: 'model.layers.0.mlp'. */
  readonly name: string;
  /** The module itself and all modules inside it, in the order of torch's `named_modules()`. */
  readonly modules: readonly ModuleInfo[];
  /** The tensors of these modules, in the same order. */
  readonly weights: readonly WeightSpec[];
}

/** A module without its name. The parent module calls this function with the name. */
export type Unnamed<M extends Module = Module> = (name: string) => M;

/** A module with one input: a norm, an activation, or a block, which maps hidden states (N, C) to new hidden states. */
export interface Unary extends Module {
  forward(pass: ForwardPass, x: Value): Value;
}

/** A whole network, which returns hidden states (N, C). */
interface Root extends Module {
  forward(pass: ForwardPass): Value;
}

/** Returns the fields of a network that are derived from its modules. */
export function network(root: Root): Pick<Network, 'prefix' | 'modules' | 'weights' | 'hidden'> {
  const { name: prefix, modules, weights } = root;
  return { prefix, modules, weights, hidden: (g, layers, inputs) => root.forward({ g, layers, inputs }) };
}

/** Child modules by their names in torch, in torch's order. Undefined children are left out. */
type Children = Readonly<Record<string, Unnamed | undefined>>;
type Placed<U> = U extends Unnamed<infer M> ? M : undefined;
type Parts<C extends Children> = { readonly [K in keyof C]: Placed<C[K]> };

/** Creates a module of torch's class `type`. `forward` receives the named children, and returns the module's forward pass. */
export function module<C extends Children, F>(
  type: string,
  children: C,
  forward: (parts: Parts<C>) => F,
): Unnamed<Module & Parts<C> & { readonly forward: F }>;
/** Creates a module without a forward pass of its own. */
export function module<C extends Children>(type: string, children: C): Unnamed<Module & Parts<C>>;
export function module<C extends Children, F>(type: string, children: C, forward?: (parts: Parts<C>) => F) {
  return (name: string) => {
    const named = Object.entries(children).flatMap(([key, child]) =>
      child === undefined ? [] : [[key, child(`${name}.${key}`)] as const],
    );
    const parts = Object.fromEntries(named) as Parts<C>;
    const below = named.map(([, child]) => child);
    return { ...place(name, { type }, below), ...parts, forward: forward?.(parts) };
  };
}

/** Creates torch's ModuleList of a network's blocks. Each block's input is the result of the block before it. */
export function blocks(count: number, block: (layer: number) => Unnamed<Unary>): Unnamed<Unary> {
  return (name) => {
    const all = Array.from({ length: count }, (_, layer) => block(layer)(`${name}.${layer}`));
    const forward = (pass: ForwardPass, x: Value): Value => {
      let hidden = x;
      for (const each of all) {
        pass.inputs.block?.();
        hidden = each.forward(pass, hidden);
      }
      pass.inputs.block?.();
      return hidden;
    };
    return { ...place(name, { type: 'ModuleList' }, all), forward };
  };
}

/** The base model's own dropout. It is listed as in torch, but never applied. */
export const dropout = module('Dropout', {});

/** A module whose result is its input. */
export const identity = module('Identity', {}, () => (_pass: ForwardPass, x: Value) => x);

export interface Linear extends Module {
  /** y = x·Wᵀ + bias + residual, with adapters applied: x (N, inFeatures), y (N, outFeatures). */
  forward(pass: ForwardPass, x: Value, residual?: Value): Value;
}

export function linear(inFeatures: number, outFeatures: number, bias = true): Unnamed<Linear> {
  const info = { type: 'Linear', in_features: inFeatures, out_features: outFeatures };
  return product(info, { shape: [outFeatures, inFeatures], kind: 'matrix' }, bias);
}

/** Creates GPT-2's linear layer, whose weight is stored as (in, out). */
export function conv1D(inFeatures: number, outFeatures: number): Unnamed<Linear> {
  const info = { type: 'Conv1D', in_features: inFeatures, out_features: outFeatures };
  return product(info, { shape: [outFeatures, inFeatures], kind: 'matrix', transposed: true }, true);
}

interface PatchConvOptions {
  /** Default: true. */
  readonly bias?: boolean;
  /** torch's `padding`, which has no effect here. Its `repr` mentions it, if it is given. */
  readonly padding?: 'valid';
}

/**
 * Creates a convolution over patches that don't overlap, computed as a matrix product: each row of x, (B·P, channels·patch·patch), is a
 * patch.
 */
export function patchConv2d(
  channels: number,
  C: number,
  patch: number,
  { bias = true, padding }: PatchConvOptions = {},
): Unnamed<Linear> {
  const edges = `kernel_size=(${patch}, ${patch}), stride=(${patch}, ${patch})`;
  const options = `${padding ? `, padding=${padding}` : ''}${bias ? '' : ', bias=False'}`;
  const info = { type: 'Conv2d', repr: `Conv2d(${channels}, ${C}, ${edges}${options})` };
  const storedShape = [C, channels, patch, patch];
  return product(info, { shape: [C, channels * patch ** 2], kind: 'matrix', storedShape }, bias);
}

/**
 * Creates a convolution over K tokens for each of C features, with a gate before it and a gate after it. `forward` takes rows (N, 3·C),
 * which contain the first gate, the second gate and the features to convolve, and returns (N, C).
 */
export function shortConv1d(
  C: number,
  K: number,
): Unnamed<Module & { forward(pass: ForwardPass, layer: number, bcx: Value): Value }> {
  const padding = K === 1 ? '' : `, padding=(${K - 1},)`;
  const repr = `Conv1d(${C}, ${C}, kernel_size=(${K},), stride=(1,)${padding}, groups=${C}, bias=False)`;
  const weight = { shape: [K, C], kind: 'vector', transposed: true, storedShape: [C, 1, K] } as const;
  return (name) => ({
    ...place(name, { type: 'Conv1d', repr }, [tensor(`${name}.weight`, weight)]),
    forward: ({ layers, inputs }, layer, bcx) => inputs.convolve(layer, bcx, layers.weight(name)),
  });
}

/** Returns the results of several linear layers with the same input, which share work in their backward passes. */
export function linears<const L extends readonly Linear[]>(
  { layers }: ForwardPass,
  modules: L,
  x: Value,
): { readonly [K in keyof L]: Value } {
  const names = modules.map(({ name }) => name);
  // One result for each module.
  return layers.linears(names, x) as { readonly [K in keyof L]: Value };
}

interface EmbeddingOptions {
  /** The name of the class in torch. Default: 'Embedding'. */
  readonly type?: string | undefined;
  /** The row that isn't trained, torch's `padding_idx`. Default: null, for no such row. */
  readonly padding?: number | null;
  /** The index of the row for id 0. Default: 0. */
  readonly offset?: number;
  /** The factor by which rows are multiplied. Default: 1. */
  readonly scale?: number | undefined;
}

/** Creates a table (rows, C). `forward` looks up the rows of ids (N), and returns (N, C). */
export function embedding(
  rows: number,
  C: number,
  { type = 'Embedding', padding = null, offset = 0, scale = 1 }: EmbeddingOptions = {},
): Unnamed<Unary> {
  const repr = `${type}(${rows}, ${C}${padding === null ? '' : `, padding_idx=${padding}`})`;
  // Ids are unsigned 32-bit integers, so a negative id wraps around.
  const options = { offset, scale, ...(padding !== null && { padding: (padding - offset) >>> 0 }) };
  return (name) => ({
    ...place(name, { type, repr }, [tensor(`${name}.weight`, { shape: [rows, C], kind: 'matrix' })]),
    forward: ({ g, layers }, ids) => embeddingOp(g, ids, layers.weight(name), options),
  });
}

/** Creates a LayerNorm over C features. */
export function layerNorm(C: number, eps: number, hasBias = true): Unnamed<Unary> {
  return (name) => ({
    ...place(name, { type: 'LayerNorm' }, [
      vector(`${name}.weight`, C),
      ...(hasBias ? [vector(`${name}.bias`, C)] : []),
    ]),
    forward({ g, layers }, x) {
      const bias = hasBias ? layers.bias(name) : undefined;
      if (hasBias && bias === undefined)
        throw new WebVeraError('internal', `The model asked for ${name}.bias, which isn't loaded`);
      return layerNormOp(g, x, layers.weight(name), bias, eps);
    },
  });
}

interface RmsNormOptions {
  /** The name of the class in torch. */
  readonly type: string;
  readonly eps: number;
  /** The number added to the weights: 1 if files store the weights minus 1. Default: 0. */
  readonly weightOffset?: 0 | 1 | undefined;
}

/** Creates an RMSNorm over C features. If x has several heads of C features, each head is normalised by itself. */
export function rmsNorm(C: number, { type, eps, weightOffset = 0 }: RmsNormOptions): Unnamed<Unary> {
  return (name) => ({
    ...place(name, { type }, [vector(`${name}.weight`, C)]),
    forward: ({ g, layers }, x) => rmsNormOp(g, x, layers.weight(name), eps, { weightOffset }),
  });
}

export interface ActivationModule extends Unary {
  /** act(gate) · up. */
  gate(pass: ForwardPass, gate: Value, up: Value): Value;
}

export function activation(act: ActivationName): Unnamed<ActivationModule> {
  const { type, apply, gate } = ACTIVATIONS[act];
  return (name) => ({
    ...place(name, { type }, []),
    forward: ({ g }, x) => apply(g, x),
    gate: (pass, gated, up) => gate(pass.g, gated, up),
  });
}

/** Creates a tensor that belongs directly to a module. The module lists it among its children. */
export function parameter(spec: Omit<WeightSpec, 'name'>): Unnamed<Module & { value(pass: ForwardPass): Value }> {
  return (name) => ({
    name,
    modules: [],
    weights: [{ name, ...spec }],
    value: ({ layers }) => layers.parameter(name),
  });
}

function product(info: Omit<ModuleInfo, 'name'>, weight: Omit<WeightSpec, 'name'>, bias: boolean): Unnamed<Linear> {
  const [outFeatures = 0] = weight.shape;
  return (name) => ({
    ...place(name, info, [tensor(`${name}.weight`, weight), ...(bias ? [vector(`${name}.bias`, outFeatures)] : [])]),
    forward: ({ layers }, x, residual) => layers.linear(name, x, { residual }),
  });
}

/** Returns the fields of a module. `below` has its children or, for a module without children, its tensors. */
function place(
  name: string,
  info: Omit<ModuleInfo, 'name'>,
  below: readonly Pick<Module, 'modules' | 'weights'>[],
): Module {
  return {
    name,
    modules: [{ name, ...info }, ...below.flatMap(({ modules }) => modules)],
    weights: below.flatMap(({ weights }) => weights),
  };
}

function tensor(name: string, spec: Omit<WeightSpec, 'name'>): Pick<Module, 'modules' | 'weights'> {
  return { modules: [], weights: [{ name, ...spec }] };
}

function vector(name: string, size: number): Pick<Module, 'modules' | 'weights'> {
  return tensor(name, { shape: [size], kind: 'vector' });
}
