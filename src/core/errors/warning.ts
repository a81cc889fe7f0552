/** A problem that the user should know about, although the work continues. PEFT's warnings have PEFT's messages. */
export interface Warning {
  /** The kind of a warning, for programs to act on. */
  readonly code: string;
  readonly message: string;
}

export type Warn = (warning: Warning) => void;

/**
 * Codes of warnings that PEFT and transformers give, but that report no problem in webvera: every device draws bitwise the same A and B
 * from a seed; webvera knows whether a weight is stored as (in, out); and a head for the caller's own labels has to be new. Listeners
 * receive these warnings, but the console does not show them.
 */
const HARMLESS: ReadonlySet<string> = new Set([
  'projection_not_saved',
  'projection_drawn',
  'fan_in_fan_out',
  'new_head',
]);

/** The default listener for warnings. */
export function warnOnConsole({ code, message }: Warning): void {
  if (HARMLESS.has(code)) return;
  console.warn(`webvera: ${message} (${code})`);
}
