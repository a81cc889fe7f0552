import type { Interpreter } from '@huggingface/jinja';

/** A part of a template, as the library parses it. */
export type Node = NonNullable<Parameters<Interpreter['evaluate']>[0]>;

export type Scope = Parameters<Interpreter['evaluate']>[1];

/** What a part of a template comes to. */
export type Value = ReturnType<Interpreter['evaluate']>;
