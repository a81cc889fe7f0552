import { WebVeraError } from '../../core/errors/error';

/** The error for `new` before a class of PEFT's that isn't constructed here. `instead`: the code to write. */
export function notConstructed(name: string, instead: string): WebVeraError {
  return new WebVeraError('invalid_argument', `There is no new ${name}(…) here`, { hint: `Write ${instead}.` });
}
