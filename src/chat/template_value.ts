import type { Interpreter } from '@huggingface/jinja';

/** A node of a parsed template. */
export type Node = NonNullable<Parameters<Interpreter['evaluate']>[0]>;

export type Scope = Parameters<Interpreter['evaluate']>[1];

/** The value of an evaluated node. */
export type TemplateValue = ReturnType<Interpreter['evaluate']>;
