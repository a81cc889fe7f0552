/**
 * The modules that any of several configurations names, as PEFT unites them: one list or one expression. Undefined for lists beside
 * expressions, which PEFT refuses.
 */
export function unionOfTargets(
  fields: readonly (readonly string[] | string | null)[],
): readonly string[] | string | undefined {
  const expressions = fields.filter((field) => typeof field === 'string');
  if (expressions.length === 0) return [...new Set(fields.flatMap((field) => field ?? []))];
  return expressions.length === fields.length ? expressions.map((field) => `(${field})`).join('|') : undefined;
}
