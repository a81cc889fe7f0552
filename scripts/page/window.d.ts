interface Window {
  /** Hands a message, as JSON can hold it, to the script that opened this page. */
  report(message: unknown): Promise<void>;
}
