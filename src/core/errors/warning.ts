/** A problem that the user should know about and that stops nothing. PEFT's warnings have PEFT's text. */
export interface Warning {
  /** The kind of warning, as a word that a program can act on. */
  readonly code: string;
  readonly message: string;
}

export type Warn = (warning: Warning) => void;

/**
 * Warnings of PEFT and transformers that are no problem in webvera. Every device computes A and B from their key, equal to the bit; webvera
 * knows the layers' layout; and a head for the caller's own labels has to be new. Listeners receive these warnings, but the console does
 * not show them.
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
