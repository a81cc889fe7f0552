import { WebVeraError } from '../../core/errors/error';

const INSTEAD = {
  VeraModel: "await get_peft_model(model, config, 'name')",
  PeftModel: "await get_peft_model(model, config, 'name')",
  PeftConfig: 'new VeraConfig({ … })',
} as const;

/** For who writes `new` before a class of PEFT's that isn't made so here. */
export function notConstructed(name: keyof typeof INSTEAD): WebVeraError {
  return new WebVeraError('invalid_argument', `There is no new ${name}(…) here`, { hint: `Write ${INSTEAD[name]}.` });
}
