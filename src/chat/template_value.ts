import type { Interpreter } from '@huggingface/jinja';

/** A parsed part of a template. */
export type Node = NonNullable<Parameters<Interpreter['evaluate']>[0]>;

export type Scope = Parameters<Interpreter['evaluate']>[1];

/** The value of a part of a template. */
export type TemplateValue = ReturnType<Interpreter['evaluate']>;
