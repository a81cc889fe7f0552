import { type Environment, Interpreter } from '@huggingface/jinja';
import { type Budget, tooMuch } from './budget';
import { strip } from './python_strip';
import type { Node, Scope, TemplateValue } from './template_value';
import { Scale } from './weight';

/** The maximum nesting depth of nodes while a template is evaluated. */
const DEEPEST = 400;
/** The number of characters that an operation may process for one step of the budget. */
const CHARACTERS = 64;
/** Factor by which slicing, sorting and `tojson` take longer per character than other operations. */
const SLOW = 16;
/** The steps by which each item of a template's loop counts towards the limit, in addition to those of the loop's body. */
const STEPS_AN_ITEM = 8;

/** A node of a parsed template, with its fields as the library names them. */
type NodeFields = Node & Readonly<Record<string, unknown>>;

/** An evaluated node. It replaces the original node, so that the library doesn't evaluate that node again. */
interface Held extends Node {
  readonly type: 'Held';
  readonly value: TemplateValue;
}

type Hold = (part: unknown) => Held;

/**
 * The library's interpreter with a budget. Each node of a template costs one step. An operation on texts or lists also costs steps that
 * depend on their sizes, and these steps are charged before it runs. To know the sizes, this class evaluates the operands first and passes
 * them on as `Held` nodes.
 */
export class BoundedInterpreter extends Interpreter {
  readonly #budget: Budget;
  readonly #scale: Scale;
  readonly #sizes = new WeakMap<Node, number>();
  #depth = 0;

  constructor(scope: Environment, budget: Budget) {
    super(scope);
    this.#budget = budget;
    this.#scale = new Scale((steps) => budget.spend(steps));
  }

  override evaluate(node: Node | undefined, scope: Scope): TemplateValue {
    if (node === undefined) return super.evaluate(node, scope);
    if (node.type === 'Held') return (node as Held).value;
    this.#budget.spend(1);
    if (this.#depth === DEEPEST) throw tooMuch('it nests too deeply');
    this.#depth += 1;
    try {
      const prepared = this.#prepare(node as NodeFields, scope);
      // The library returns undefined for the first item of an empty list.
      const value: TemplateValue =
        (super.evaluate(prepared, scope) as TemplateValue | undefined) ?? super.evaluate(undefined, scope);
      if (isMethodAlone(prepared, value)) throw new TypeError('expected a method of a text to be called');
      this.#scale.weigh(value);
      return value;
    } finally {
      this.#depth -= 1;
    }
  }

  /** Charges the cost of a node to the budget. Returns the node, with `Held` nodes in place of the operands that determine its cost. */
  #prepare(node: NodeFields, scope: Scope): NodeFields {
    const hold: Hold = (part) => ({ type: 'Held', value: this.evaluate(part as Node, scope) });
    switch (node.type) {
      case 'BinaryExpression':
        return this.#binary(node, hold);
      case 'FilterStatement':
        return this.#filter(hold({ type: 'Program', body: node.body }), node.filter as NodeFields, hold);
      case 'FilterExpression':
        return this.#filter(hold(node.operand), node.filter as NodeFields, hold);
      case 'TestExpression': {
        const operand = hold(node.operand);
        this.#pay(this.#scale.weigh(operand.value));
        return { ...node, operand };
      }
      case 'CallExpression':
        return this.#call(node, hold);
      case 'MemberExpression': {
        if (node.isCalled === true) return node;
        const object = hold(node.object);
        if ((node.property as Node).type === 'SliceExpression') this.#pay(SLOW * this.#scale.weigh(object.value));
        return { ...node, object };
      }
      case 'For': {
        const iterable = node.iterable as NodeFields;
        const isSelected = iterable.type === 'SelectExpression';
        const list = hold(isSelected ? iterable.lhs : iterable);
        this.#budget.spend(STEPS_AN_ITEM * sizeOf(list.value));
        return { ...node, iterable: isSelected ? { ...iterable, lhs: list } : list };
      }
      case 'Macro':
      case 'CallStatement':
        // The library visits all nodes inside this one, so each of them costs a step.
        this.#budget.spend(this.#partsOf(node));
        return node;
      default:
        return node;
    }
  }

  #binary(node: NodeFields, hold: Hold): NodeFields {
    const { value: operator } = node.operator as { readonly value: string };
    if (operator === 'and' || operator === 'or') return node;
    const [left, right] = [hold(node.left), hold(node.right)];
    const [a, b] = [this.#scale.weigh(left.value), this.#scale.weigh(right.value)];
    this.#pay(operator === 'in' || operator === 'not in' ? a * b : a + b);
    return { ...node, left, right };
  }

  #filter(operand: Held, filter: NodeFields, hold: Hold): NodeFields {
    const isCall = filter.type === 'CallExpression';
    const { args, size } = this.#hold(isCall ? filter.args : [], hold);
    const name = (isCall ? (filter.callee as NodeFields) : filter).value;
    this.#pay(this.#scale.weigh(operand.value) * (1 + size) * (name === 'tojson' || name === 'sort' ? SLOW : 1));
    const stripped = name === 'trim' ? stripOf(operand, name, args) : undefined;
    return stripped ?? { type: 'FilterExpression', operand, filter: isCall ? { ...filter, args } : filter };
  }

  #call(node: NodeFields, hold: Hold): NodeFields {
    const { args, size } = this.#hold(node.args, hold);
    const callee = node.callee as NodeFields;
    if (callee.type !== 'MemberExpression') return { ...node, args };
    const object = hold(callee.object);
    if (object.value.type === 'StringValue') this.#pay(this.#scale.weigh(object.value) * (1 + size));
    const stripped = stripOf(object, (callee.property as NodeFields).value, args);
    return stripped ?? { ...node, args, callee: { ...callee, object, isCalled: true } };
  }

  /**
   * Evaluates arguments, and returns them with their size in characters. A number n counts as n characters, because it may be the width to
   * which a text is padded. This also holds for numbers in a list or an object that is spread into arguments.
   */
  #hold(args: unknown, hold: Hold): { readonly args: readonly Node[]; readonly size: number } {
    let size = 0;
    const held = (part: unknown): Held => {
      const one = hold(part);
      const { value } = one.value;
      size += typeof value === 'number' ? Math.abs(value) : this.#scale.weigh(one.value);
      return one;
    };
    const all = (args as readonly NodeFields[]).map((arg) => {
      if (arg.type === 'KeywordArgumentExpression') return { ...arg, value: held(arg.value) };
      if (arg.type.endsWith('SpreadExpression')) {
        const argument = held(arg.argument);
        for (const { value } of itemsOf(argument.value)) if (typeof value === 'number') size += Math.abs(value);
        return { ...arg, argument };
      }
      const one = held(arg);
      // Some of the library's filters accept only literals, so a text literal isn't replaced.
      return arg.type === 'StringLiteral' ? arg : one;
    });
    return { args: all, size };
  }

  #pay(characters: number): void {
    this.#budget.spend(characters / CHARACTERS);
  }

  #partsOf(node: Node, depth = 0): number {
    const known = this.#sizes.get(node);
    if (known !== undefined) return known;
    if (depth === DEEPEST) throw tooMuch('it nests too deeply');
    const parts = Object.values(node).flatMap((part: unknown) => (part instanceof Map ? [...part].flat() : part));
    const size = parts.reduce<number>((sum, part) => sum + (isNode(part) ? this.#partsOf(part, depth + 1) : 0), 1);
    this.#sizes.set(node, size);
    return size;
  }
}

/** Returns the result of a method that strips a text, as a node; undefined for any other method. */
function stripOf({ value: { value: text } }: Held, method: unknown, args: readonly Node[]): NodeFields | undefined {
  const [{ value } = {}] = args as readonly Partial<NodeFields>[];
  const characters = typeof value === 'string' ? value : (value as TemplateValue | undefined)?.value;
  const stripped = typeof text === 'string' ? strip(text, method, characters) : undefined;
  return stripped === undefined ? undefined : ({ type: 'StringLiteral', value: stripped } as NodeFields);
}

function sizeOf({ value }: TemplateValue): number {
  if (Array.isArray(value)) return value.length;
  return value instanceof Map ? value.size : 0;
}

/** Returns the values in a list or an object. */
function itemsOf({ value }: TemplateValue): Iterable<TemplateValue> {
  if (Array.isArray(value)) return value as readonly TemplateValue[];
  return value instanceof Map ? (value as ReadonlyMap<string, TemplateValue>).values() : [];
}

/**
 * Whether a node is a method of a text that isn't called at once. A template could store such a method under another name, and later call
 * it without any charge to the budget.
 */
function isMethodAlone({ type, object, isCalled }: NodeFields, value: TemplateValue): boolean {
  const isOfText = type === 'MemberExpression' && isCalled !== true && (object as Held).value.type === 'StringValue';
  return isOfText && value.type === 'FunctionValue';
}

function isNode(part: unknown): part is Node {
  return typeof part === 'object' && part !== null && 'type' in part;
}
