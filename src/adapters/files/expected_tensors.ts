import type { Shape } from '../../core/numbers/shape';
import { type Architecture, fileShape } from '../../models/architecture';
import type { AdapterKind, ResolvedAdapter } from '../adapter';
import { parameterShapes } from '../pool/pool_layout';
import type { ExpectedOther, ExpectedTensors } from './adapter_tensors';

/** Returns the tensors that the file of an adapter must or may have. */
export function expectedTensors(
  kind: Pick<AdapterKind, 'file' | 'parameterName'>,
  resolved: ResolvedAdapter,
  { weights, tied }: Pick<Architecture, 'weights' | 'tied'>,
): ExpectedTensors {
  const others = resolved.trained.map(({ name, savedKey, shape, ...trainedAs }): [string, ExpectedOther] => {
    const spec = weights.find((weight) => weight.name === name);
    return [savedKey, { ...trainedAs, shape: spec === undefined ? shape : fileShape(spec) }];
  });
  return {
    parameters: parameterShapes(resolved.layout),
    others: new Map(others),
    base: baseShapes({ weights, tied }),
    rules: kind.file(resolved),
    parameterName: kind.parameterName,
  };
}

/** Returns the shapes of the base model's weights, by the names under which PEFT saves them in an adapter's file. */
function baseShapes({ weights, tied }: Pick<Architecture, 'weights' | 'tied'>): Map<string, Shape> {
  const shapes = new Map(weights.map((spec) => [PREFIX + spec.name, fileShape(spec)]));
  for (const [module, other] of tied) {
    const shape = shapes.get(`${PREFIX}${other}.weight`);
    if (shape !== undefined) shapes.set(`${PREFIX}${module}.weight`, shape);
  }
  return shapes;
}

/** The prefix of the base model's tensor names in PEFT's files: the path of the base model in PEFT's model. */
const PREFIX = 'base_model.model.';
