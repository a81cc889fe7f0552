/** A problem that the user should know about, although the work continues. PEFT's warnings have PEFT's messages. */
export interface Warning {
  /** The kind of a warning, for programs to act on. */
  readonly code: string;
  readonly message: string;
}

export type Warn = (warning: Warning) => void;

/**
 * Warnings of PEFT and transformers about facts that are no problem in webvera. Every device computes the same A and B from their key, bit
 * for bit; webvera knows the layout of the layers; and a head for the caller's own labels has to be new. Listeners receive these warnings,
 * but the console does not show them.
 */
const NO_FAULT: ReadonlySet<string> = new Set([
  'projection_not_saved',
  'projection_drawn',
  'fan_in_fan_out',
  'new_head',
]);

/** The default listener for warnings. */
export function warnOnConsole({ code, message }: Warning): void {
  if (NO_FAULT.has(code)) return;
  console.warn(`webvera: ${message} (${code})`);
}
