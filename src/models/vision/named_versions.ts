import type { ModuleNames } from '../../core/types/model';
import type { Network, WeightSpec } from '../architecture';
import * as nn from '../nn';

/**
 * A network with the module names of transformers 4, and with those of transformers 5. Both have the same tensors in the same order, and at
 * least one linear layer, whose name `namesHint` shows.
 */
type Versions = Readonly<Record<ModuleNames, Parameters<typeof nn.network>[0]>>;

/** Returns the fields of a network that are derived from its modules, with the module names of one version. */
export function namedVersion(
  versions: Versions,
  names: ModuleNames,
): ReturnType<typeof nn.network> & Pick<Network, 'moduleNames' | 'namesHint'> {
  return {
    moduleNames: names,
    namesHint: namesHint(versions, names),
    ...nn.network(versions[names]),
    weights: versions[names].weights.map((spec, index) => storedUnderBoth(spec, versions, index)),
  };
}

/**
 * Lets files use the tensor's name of either version: transformers 4 and 5 write the name of version 4; other programs may write the name
 * of version 5.
 */
function storedUnderBoth(spec: WeightSpec, { v4, v5 }: Versions, index: number): WeightSpec {
  const [first = spec, other = spec] = [v4.weights[index], v5.weights[index]];
  return first.name === other.name ? spec : { ...spec, storedNames: [first.name, other.name] };
}

function namesHint(versions: Versions, own: ModuleNames): string {
  const other: ModuleNames = own === 'v4' ? 'v5' : 'v4';
  const of = (names: ModuleNames): string => {
    const query = versions[names].modules.find(({ type }) => type === 'Linear')?.name;
    return `transformers ${names.slice(1)}'s names, such as ${query}`;
  };
  return `The modules of this model have ${of(own)}; loaded with module_names: '${other}' they have ${of(other)}.`;
}
