/** The name by which PEFT saves a parameter of the base model or of a wrapped module. */
export function savedName(parameter: string): string {
  return `base_model.model.${parameter}`;
}
