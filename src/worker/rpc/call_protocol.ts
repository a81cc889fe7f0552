/** A positive number that the page assigns to a call. It is never used twice in a session. */
export type CallId = number;

/** A positive number that the worker assigns to a model or tokenizer that it has loaded. */
export type Handle = number;

/** The page's messages about a call in progress. */
export interface CallControl {
  /** Cancels a call, which soon rejects with an `AbortError` after undoing its work so far. Ignores unknown ids. */
  cancel(call: CallId): Promise<void>;
  /** Answers a `prepared` event: the worker makes the call's change, and the page won't cancel it any more. */
  commit(call: CallId): Promise<void>;
  /** Answers a `need_token` event. The token is never stored. */
  giveToken(call: CallId, token: string): Promise<void>;
}

/** The functions that answer the calls of type `Calls`. Their `this` is the session, of which they see only the fields in `Room`. */
export type Answers<Calls, Room> = {
  readonly [Name in keyof Calls]: Calls[Name] extends (...args: infer Args) => infer Result
    ? (this: Room, ...args: Args) => Result
    : never;
};
