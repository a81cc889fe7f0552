import { WebVeraError } from '../../core/errors/error';
import { Fields } from '../../core/input/fields';
import { type FileSource, readRareFile } from '../../core/input/file_source';
import { formatShape, sameShape } from '../../core/numbers/shape';
import { type DenseLayer, denseName, WIDEST } from '../../core/pooling/pooling';
import type { ParserLimits } from '../../core/types/source';
import type { Tensor } from '../../core/types/tensor';
import { parseJsonObject } from '../json';
import type { TensorHeader } from '../tensors/stored_tensor';
import { expectFloats, toFloat32 } from '../tensors/values';
import { readWeightHeaders, readWeights, type WeightFiles } from './weights';

/** The largest number of elements in a weight: every device can bind such a weight in one binding. */
const MOST_NUMBERS = 2 ** 25;

/** The supported activation functions, by the names of their classes in torch. */
const ACTIVATIONS: ReadonlyMap<string, DenseLayer['activation']> = new Map([
  ['torch.nn.modules.activation.Tanh', 'tanh'],
  ['torch.nn.modules.linear.Identity', 'identity'],
]);

/**
 * Reads the config.json of a Dense layer. If the file is missing or has an unsupported setting, returns a description of the fault. Throws
 * `invalid_format`, and the source's errors.
 */
export async function readDense(
  source: FileSource,
  path: string,
  limits: Pick<ParserLimits, 'json'>,
): Promise<DenseLayer | string> {
  const file = `${path}/config.json`;
  const bytes = await readRareFile(source, file, limits.json);
  if (bytes === undefined) return `no ${file}`;
  const fields = new Fields(parseJsonObject(bytes, file, limits.json), file);
  const name = fields.optionalString('activation_function') ?? 'torch.nn.modules.activation.Tanh';
  const activation = ACTIVATIONS.get(name);
  if (activation === undefined) return `a Dense with the activation_function ${name}`;
  if (fields.boolean('use_residual', false)) return 'a Dense with use_residual';
  const other = otherVector(fields);
  if (other !== undefined) return `a Dense of ${other}`;
  const in_features = fields.positiveInteger('in_features', { max: WIDEST });
  const most = Math.min(WIDEST, Math.floor(MOST_NUMBERS / in_features));
  return {
    path,
    in_features,
    out_features: fields.positiveInteger('out_features', { max: most }),
    bias: fields.boolean('bias', true),
    activation,
  };
}

/** Returns the name of a module's input or output that isn't `sentence_embedding`, the vector of the text. */
export function otherVector(fields: Fields): string | undefined {
  const names = ['module_input_name', 'module_output_name'].map((key) => fields.optionalString(key));
  return names.find((name) => name !== undefined && name !== 'sentence_embedding');
}

/**
 * Reads the weights of Dense layers from model.safetensors or pytorch_model.bin in their folders, and names them as a model does. Throws
 * `invalid_format` for missing tensors and wrong shapes, and the errors of `readWeights`.
 */
export async function readDenseTensors(
  source: FileSource,
  dense: readonly DenseLayer[],
  limits: ParserLimits,
): Promise<ReadonlyMap<string, Tensor>> {
  const tensors = new Map<string, Tensor>();
  for (const [index, { path, in_features, out_features, bias }] of dense.entries()) {
    const shapes = new Map([['linear.weight', [out_features, in_features]]]);
    if (bias) shapes.set('linear.bias', [out_features]);
    const select = (tensor: TensorHeader): boolean => {
      const { name, shape } = tensor;
      const expected = shapes.get(name);
      if (expected === undefined) return false;
      expectFloats(tensor);
      if (!sameShape(expected, shape)) throw invalid(path, name, expected, formatShape(shape));
      return true;
    };
    for await (const tensor of readWeights(inFolder(source, path), { limits, select })) {
      const { shape, ...rows } = await tensor.take();
      shapes.delete(tensor.name);
      tensors.set(`${denseName(index)}${tensor.name.slice('linear'.length)}`, {
        dims: shape,
        data: toFloat32(rows),
      });
    }
    for (const [name, expected] of shapes) throw invalid(path, name, expected, 'nothing');
  }
  return tensors;
}

/** Finds the weights files of Dense layers. Throws the errors of `readWeightHeaders`. */
export async function denseWeightFiles(
  source: FileSource,
  dense: readonly DenseLayer[],
  limits: ParserLimits,
): Promise<readonly WeightFiles[]> {
  const found: WeightFiles[] = [];
  for (const { path } of dense) {
    const { bytes, files } = await readWeightHeaders(inFolder(source, path), limits);
    found.push({ bytes, files: files.map((file) => `${path}/${file}`) });
  }
  return found;
}

/**
 * Returns a source for a folder inside `source`. It ignores `expect`, so that the total of the progress stays the size of the model's
 * weights.
 */
function inFolder(source: FileSource, path: string): FileSource {
  const inside = (file: string): string => `${path}/${file}`;
  return {
    name: source.name,
    location: `${source.location.replace(/\/$/, '')}/${path}/`,
    open: (file) => source.open(inside(file)),
    expect: () => {},
  };
}

function invalid(path: string, name: string, expected: readonly number[], got: string): WebVeraError {
  const message = `${path}: ${name}: expected ${formatShape(expected)} by config.json, got ${got}`;
  return new WebVeraError('invalid_format', message, {
    hint: "Do the module's config.json and its weights belong together?",
  });
}
