import { WebVeraError } from '../../core/errors/error';

const INSTEAD = {
  VeraModel: "await get_peft_model(model, config, 'name')",
  PeftModel: "await get_peft_model(model, config, 'name')",
  PeftConfig: 'new VeraConfig({ … })',
} as const;

/** The error for `new` with a class that can be constructed in PEFT but not here. */
export function notConstructed(name: keyof typeof INSTEAD): WebVeraError {
  return new WebVeraError('invalid_argument', `There is no new ${name}(…) here`, { hint: `Write ${INSTEAD[name]}.` });
}
