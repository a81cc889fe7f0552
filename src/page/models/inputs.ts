import { plainNumber } from '../../core/numbers/numbers';
import type { TaskFacts } from '../../core/types/model';
import type { IdMatrix, IdTensor, ModelInputs, PixelTensor, RowLabels, Tensor } from '../../core/types/tensor';
import type { WireInputs } from '../../worker/protocol';
import { checkOptions, defined, wrong } from '../session/options';
import { anyObject, anyString, orNull, type Rule } from '../session/rules';

/**
 * Checks the structure of a batch, and converts it for the worker. The worker checks the rest, which depends on the model: the range of
 * ids, the length of rows, sizes of images.
 */
export function wireInputs(inputs: ModelInputs, { labels: kind }: Pick<TaskFacts, 'labels'>): WireInputs {
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs)) {
    const ids = typeof inputs === 'string' ? '[await model.tokenizer.encode(text)]' : '[ids]';
    throw wrong('inputs', 'an object with input_ids or pixel_values', inputs, `Pass { input_ids: ${ids} }.`);
  }
  checkOptions('inputs', inputs, {
    input_ids: anyObject,
    pixel_values: anyObject,
    attention_mask: anyObject,
    token_type_ids: anyObject,
    labels: anyObject,
    adapter_names: orNull(nameList),
  });
  if (inputs.pixel_values !== undefined) return imageInputs(inputs, inputs.pixel_values);
  if (inputs.input_ids === undefined) throw wrong('inputs: input_ids', 'one array of ids per row', undefined);
  const input_ids = toIdTensor('input_ids', inputs.input_ids);
  const [B, T] = input_ids.dims;
  const { labels } = inputs;
  const likeIds = (name: string, matrix: IdMatrix | undefined): IdTensor | undefined => {
    if (matrix === undefined) return undefined;
    const tensor = toIdTensor(name, matrix);
    if (tensor.dims[0] === B && tensor.dims[1] === T) return tensor;
    throw wrong(`inputs: ${name}`, `dims [${B}, ${T}], as input_ids`, `[${tensor.dims.join(', ')}]`);
  };
  return {
    input_ids,
    ...defined({
      attention_mask: likeIds('attention_mask', inputs.attention_mask),
      token_type_ids: likeIds('token_type_ids', inputs.token_type_ids),
      labels: isMatrix(labels) && kind === 'of tokens' ? likeIds('labels', labels) : labels && labelsOfRows(labels, B),
      adapter_names: inputs.adapter_names ?? undefined,
    }),
  };
}

function imageInputs(inputs: ModelInputs, pixels: Tensor): WireInputs {
  for (const name of ['input_ids', 'attention_mask', 'token_type_ids'] as const) {
    if (inputs[name] !== undefined) throw wrong(`inputs: ${name}`, 'nothing beside pixel_values', inputs[name]);
  }
  const pixel_values = toPixelTensor(pixels);
  const { labels, adapter_names } = inputs;
  const [B] = pixel_values.dims;
  return {
    pixel_values,
    ...defined({
      labels: labels && labelsOfRows(labels, B),
      adapter_names: adapter_names ?? undefined,
    }),
  };
}

function toPixelTensor({ dims, data }: Tensor): PixelTensor {
  if (!Array.isArray(dims) || !(data instanceof Float32Array)) {
    throw wrong('inputs: pixel_values', '{ dims, data } with a Float32Array', { dims, data });
  }
  const [B = 0, C = 0, H = 0, W = 0]: readonly number[] = dims;
  const areSizes = dims.length === 4 && dims.every((dim) => Number.isSafeInteger(dim) && dim > 0);
  if (areSizes && data.length === B * C * H * W) return { dims: [B, C, H, W], data };
  const got = `dims [${dims.join(', ')}] with ${data.length} numbers`;
  throw wrong('inputs: pixel_values', 'dims [B, C, H, W] and a number for each', got);
}

/** Returns a class or a number for each row, or a number for each label of each row. */
function labelsOfRows(labels: InputLabels, B: number): RowLabels {
  if (isRowLabels(labels)) return rowLabels(labels.map(plainNumber), B);
  const { dims, data } = toMatrix('labels', labels);
  const [rows, columns] = dims;
  if (rows !== B) throw wrong('inputs: labels', `one for each of ${B} rows`, `${rows} of them`);
  const numbers = Array.from(data, plainNumber);
  const odd = numbers.findIndex((number) => !Number.isFinite(number));
  if (odd >= 0) {
    throw wrong(`inputs: labels[${Math.floor(odd / columns)}][${odd % columns}]`, 'a number', data[odd]);
  }
  return { dims, data: Float32Array.from(numbers as number[]) };
}

type InputLabels = NonNullable<ModelInputs['labels']>;

function isMatrix(labels: ModelInputs['labels']): labels is IdMatrix {
  return labels !== undefined && !isRowLabels(labels);
}

function isRowLabels(labels: InputLabels): labels is readonly (number | bigint)[] {
  return Array.isArray(labels) && typeof plainNumber(labels[0]) === 'number';
}

function rowLabels(labels: readonly unknown[], B: number): RowLabels {
  if (labels.length !== B) throw wrong('inputs: labels', `one for each of ${B} rows`, `${labels.length} of them`);
  const odd = labels.findIndex((label) => !Number.isFinite(label));
  if (odd >= 0) throw wrong(`inputs: labels[${odd}]`, 'a number', labels[odd]);
  return { dims: [B], data: Float32Array.from(labels as number[]) };
}

type Flat = Extract<IdMatrix, { readonly dims: unknown }>;

export const nameList: Rule = {
  expected: 'a list of names, one for each row',
  accepts: (value) => Array.isArray(value) && value.every((name) => anyString.accepts(name)),
};

interface Matrix {
  readonly dims: readonly [B: number, T: number];
  /** B·T entries, row by row. */
  readonly data: ArrayLike<number | bigint>;
}

function toMatrix(name: string, matrix: IdMatrix): Matrix {
  const { dims, data } = isRows(matrix) ? flatten(name, matrix) : matrix;
  if (!Array.isArray(dims) || typeof data?.length !== 'number') {
    throw wrong(`inputs: ${name}`, 'one array of ids per row, or { dims, data }', matrix);
  }
  const [B = 0, T = 0]: readonly number[] = dims;
  const isPair = dims.length === 2 && dims.every((dim) => Number.isSafeInteger(dim) && dim > 0);
  if (!isPair || data.length !== B * T) {
    const got = `dims [${dims.join(', ')}] with ${data.length} entries`;
    throw wrong(`inputs: ${name}`, 'at least one row and one column, dims [B, T] and B·T entries', got);
  }
  return { dims: [B, T], data };
}

function toIdTensor(name: string, matrix: IdMatrix): IdTensor {
  const { dims, data } = toMatrix(name, matrix);
  const T = dims[1];
  const ids = new Int32Array(data.length);
  for (let i = 0; i < ids.length; i++) {
    const given = plainNumber(data[i]);
    ids[i] = typeof given === 'number' ? given : Number.NaN;
    if (ids[i] !== given) throw wrong(`inputs: ${name}[${Math.floor(i / T)}][${i % T}]`, 'an integer', data[i]);
  }
  return { dims, data: ids };
}

function flatten(name: string, rows: readonly ArrayLike<number | bigint>[]): Flat {
  const other = rows.findIndex((row) => typeof row?.length !== 'number');
  if (other >= 0) {
    throw wrong(`inputs: ${name}`, 'one array of ids per row', rows[other], 'A single row is passed as [ids].');
  }
  const T = rows[0]?.length ?? 0;
  const odd = rows.findIndex((row) => row.length !== T);
  if (odd >= 0) {
    const hint = 'Pad the rows to one length and tell by attention_mask which tokens count.';
    throw wrong(`inputs: ${name}`, `rows of ${T} entries, as the first`, `${rows[odd]?.length} in row ${odd}`, hint);
  }
  return { dims: [rows.length, T], data: rows.flatMap((row): (number | bigint)[] => Array.from(row)) };
}

function isRows(matrix: IdMatrix): matrix is Exclude<IdMatrix, Flat> {
  return Array.isArray(matrix);
}
