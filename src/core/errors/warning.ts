/** Something the user should know that stops nothing. PEFT's warnings keep PEFT's text. */
export interface Warning {
  /** A word that a program can act on. */
  readonly code: string;
  readonly message: string;
}

export type Warn = (warning: Warning) => void;

/**
 * What PEFT warns of, and what is no fault here: A and B come from their key to the bit on every device, and the layers'
 * layout is known. It is told to those who listen, and to nobody else.
 */
const NO_FAULT: ReadonlySet<string> = new Set(['projection_not_saved', 'projection_drawn', 'fan_in_fan_out']);

/** For where nobody else listens. */
export function warnOnConsole({ code, message }: Warning): void {
  if (NO_FAULT.has(code)) return;
  console.warn(`webvera: ${message} (${code})`);
}
