import { type AnyAdapterConfig, IA3Config, LoraConfig, UniLoraConfig, VeraConfig } from 'webvera';
import type { NumberName, Settings } from './settings';

/** An adapter kind that the form offers. */
interface Method {
  readonly name: string;
  readonly Config: new (init: object) => AnyAdapterConfig;
  /** Values of number fields that suit the method. The form shows them when the visitor chooses the method. */
  readonly numbers: Readonly<Partial<Record<NumberName, number>>> & { readonly learning_rate: number };
  /** The names of the form's number fields that are also fields of the adapter's configuration. */
  readonly own: readonly NumberName[];
  /** Other fields of the adapter's configuration. */
  readonly fields?: object;
}

/** The adapter kinds by `peft_type`. VeRA's matrices A and B can be generated again from their seed, so files omit them. */
export const methods = {
  VERA: {
    name: 'VeRA',
    Config: VeraConfig,
    numbers: { learning_rate: 1e-1, r: 64 },
    own: ['r'],
    fields: { save_projection: false },
  },
  UNILORA: {
    name: 'UniLoRA',
    Config: UniLoraConfig,
    numbers: { learning_rate: 5e-2, r: 4, theta_d_length: 4096 },
    own: ['r', 'theta_d_length'],
  },
  LORA: { name: 'LoRA', Config: LoraConfig, numbers: { learning_rate: 1e-2, r: 8 }, own: ['r'] },
  IA3: { name: '(IA)³', Config: IA3Config, numbers: { learning_rate: 3e-2 }, own: [] },
} as const satisfies Readonly<Record<string, Method>>;
export type MethodKey = keyof typeof methods;

export const methodNames = Object.keys(methods) as MethodKey[];

/** The names of the form's number fields that only some methods have. */
const ofMethods: readonly NumberName[] = ['r', 'theta_d_length'];

/** Whether this training method uses the number field `name` of the form. */
export function hasNumber(method: MethodKey, name: NumberName): boolean {
  return !ofMethods.includes(name) || (methods[method].own as readonly NumberName[]).includes(name);
}

/** The configuration of a training run's adapter. */
export function configOf(settings: Settings, base_model_name_or_path?: string): AnyAdapterConfig {
  const { peft_type, target_modules } = settings;
  const { Config, own, fields = {} }: Method = methods[peft_type];
  const numbers = Object.fromEntries(own.map((name) => [name, settings[name]]));
  const base = base_model_name_or_path === undefined ? {} : { base_model_name_or_path };
  return new Config({ ...fields, ...numbers, ...base, target_modules, task_type: 'CAUSAL_LM' });
}
