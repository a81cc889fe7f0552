import { type Architecture, fileShape } from '../../models/architecture';
import type { AdapterKind, ResolvedAdapter } from '../adapter';
import { parameterShapes } from '../pool/pool_layout';
import type { ExpectedOther, ExpectedTensors } from './adapter_tensors';

/** The tensors that the file of an adapter holds. */
export function expectedTensors(
  kind: Pick<AdapterKind, 'file' | 'parameterName'>,
  resolved: ResolvedAdapter,
  { weights }: Architecture,
): ExpectedTensors {
  const others = resolved.trained.map(({ name, savedKey, shape, ...trainedAs }): [string, ExpectedOther] => {
    const spec = weights.find((weight) => weight.name === name);
    return [savedKey, { ...trainedAs, shape: spec === undefined ? shape : fileShape(spec) }];
  });
  return {
    parameters: parameterShapes(resolved.layout),
    others: new Map(others),
    rules: kind.file(resolved),
    parameterName: kind.parameterName,
  };
}
