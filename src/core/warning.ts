/** Something the user should know that stops nothing. PEFT's warnings keep PEFT's text. */
export interface Warning {
  /** A word that a program can act on. */
  readonly code: string;
  readonly message: string;
}

export type Warn = (warning: Warning) => void;

/** For where nobody else listens. */
export function warnOnConsole({ code, message }: Warning): void {
  console.warn(`webvera: ${message} (${code})`);
}
