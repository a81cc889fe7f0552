import type { ModuleInfo } from '../../core/types/model';
import type { AdapterStanding, AdaptersInfo } from '../../worker/protocol';
import type { PageKind } from './page_kind';

/** One wrapped module, with the fields of PEFT's `TunerLayerStatus`. */
export interface LayerStatus {
  /** PEFT's name: 'model.' and the module's own name. */
  readonly name: string;
  /** The name of PEFT's class for the wrapped layer. */
  readonly module_type: string;
  readonly enabled: boolean;
  readonly active_adapters: readonly string[];
  readonly merged_adapters: readonly string[];
  /** The adapters that this module has, sorted. */
  readonly available_adapters: readonly string[];
  /** By adapter name: whether the adapter is trainable, active and enabled. */
  readonly requires_grad: Readonly<Record<string, boolean>>;
  readonly devices: Readonly<Record<string, readonly string[]>>;
}

/** The whole model, with the fields of PEFT's `TunerModelStatus`. */
export interface ModelStatus {
  readonly base_model_type: string;
  /** The name of PEFT's class for the model with adapters. */
  readonly adapter_model_type: string;
  readonly peft_types: Readonly<Record<string, string>>;
  readonly trainable_params: number;
  readonly total_params: number;
  readonly num_adapter_layers: number;
  readonly enabled: boolean;
  readonly active_adapters: readonly string[];
  readonly merged_adapters: readonly string[];
  readonly available_adapters: readonly string[];
  readonly requires_grad: Readonly<Record<string, boolean>>;
  readonly devices: Readonly<Record<string, readonly string[]>>;
}

interface Described {
  readonly info: AdaptersInfo;
  readonly modules: readonly ModuleInfo[];
  readonly enabled: boolean;
  readonly kind: PageKind;
}

export function layerStatus({ info, modules, enabled, kind }: Described): readonly LayerStatus[] {
  return modules.flatMap(({ name }) => {
    const having = Object.entries(info.adapters).filter(([, { modules: wrapped }]) => wrapped.includes(name));
    if (having.length === 0) return [];
    return [
      {
        ...standingOf(having, info, enabled),
        name: `model.${name}`,
        module_type: kind.layerType,
        merged_adapters: info.merged.filter((adapter) => having.some(([other]) => other === adapter)),
      },
    ];
  });
}

export function modelStatus({ info, modules, enabled, kind }: Described): ModelStatus {
  const adapters = Object.entries(info.adapters);
  const wrapped = new Set(adapters.flatMap(([, state]) => state.modules));
  return {
    ...standingOf(adapters, info, enabled),
    base_model_type: modules[0]?.type ?? '',
    adapter_model_type: kind.modelType,
    peft_types: Object.fromEntries(adapters.map(([name, { config }]) => [name, config.peft_type])),
    trainable_params: enabled ? info.parameters.trainable : 0,
    total_params: info.parameters.all,
    num_adapter_layers: wrapped.size,
    merged_adapters: info.merged,
  };
}

/** Returns the fields that `LayerStatus` and `ModelStatus` share, computed from the given adapters. */
function standingOf(
  adapters: readonly (readonly [name: string, state: AdapterStanding])[],
  { active }: AdaptersInfo,
  enabled: boolean,
): Pick<ModelStatus, 'enabled' | 'active_adapters' | 'available_adapters' | 'requires_grad' | 'devices'> {
  const of = <T>(give: (name: string, state: AdapterStanding) => T): Record<string, T> =>
    Object.fromEntries(adapters.map(([name, state]) => [name, give(name, state)]));
  return {
    enabled,
    active_adapters: active,
    available_adapters: adapters.map(([name]) => name).toSorted(),
    requires_grad: of((name, { trainable }) => enabled && trainable && active.includes(name)),
    devices: of(() => ['webgpu']),
  };
}
