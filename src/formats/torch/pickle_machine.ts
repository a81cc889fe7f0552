import type { WebVeraError } from '../../core/errors/error';
import { numel } from '../../core/numbers/shape';
import { fileError } from '../file_error';
import { byteSize, type Dtype } from '../tensors/dtype';
import { quote } from '../tensors/header_scanner';
import type { PickleReader } from './pickle_reader';

/** An array of numbers in the file. Tensors are views of it. */
export interface StorageRef {
  readonly kind: 'storage';
  /** The storage's key, which is unique in the file. In a zip archive, the entry `data/<key>` holds the storage. */
  readonly key: string;
  readonly dtype: Dtype;
  /** The number of elements. */
  readonly length: number;
}

/** A view of a storage; `offset`, `shape` and `strides` count elements. */
export interface TensorRef {
  readonly kind: 'tensor';
  readonly storage: StorageRef;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

interface Tuple {
  readonly kind: 'tuple';
  readonly items: readonly Item[];
}

interface List {
  readonly kind: 'list';
  readonly items: Item[];
}

export interface Dict {
  readonly kind: 'dict';
  readonly entries: Map<string, Item>;
}

/** A Python function that a file names. Only its name is compared: no function is looked up or called. */
interface Callable {
  readonly kind: 'callable';
  readonly name: string;
}

export type Item = null | boolean | number | string | Tuple | List | Dict | Callable | StorageRef | TensorRef;

const DICT = 'collections.OrderedDict';
const TENSOR = 'torch._utils._rebuild_tensor_v2';
const PARAMETER = 'torch._utils._rebuild_parameter';

const STORAGES: ReadonlyMap<string, Dtype> = new Map([
  ['torch.FloatStorage', 'F32'],
  ['torch.HalfStorage', 'F16'],
  ['torch.BFloat16Storage', 'BF16'],
  ['torch.DoubleStorage', 'F64'],
  ['torch.LongStorage', 'I64'],
  ['torch.IntStorage', 'I32'],
  ['torch.ShortStorage', 'I16'],
  ['torch.CharStorage', 'I8'],
  ['torch.ByteStorage', 'U8'],
  ['torch.BoolStorage', 'BOOL'],
]);

const MOST_DIMENSIONS = 8;

/**
 * The part of pickle's virtual machine that state dicts need: a stack and a memo. It imports, constructs and calls no Python object. Each
 * byte of the file adds at most one item, and items are shared, never copied.
 */
export class PickleMachine {
  readonly #reader: PickleReader;
  readonly #stack: Item[] = [];
  /** The stack's height at each mark that hasn't been popped yet. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, Item>();
  readonly #storages = new Map<string, StorageRef>();

  constructor(reader: PickleReader) {
    this.#reader = reader;
  }

  push(item: Item): void {
    this.#stack.push(item);
  }

  pop(): Item {
    const item = this.#stack.length > (this.#marks.at(-1) ?? 0) ? this.#stack.pop() : undefined;
    if (item === undefined) throw this.invalid('takes from an empty stack');
    return item;
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  popToMark(): Item[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.invalid('has no mark where it needs one');
    return this.#stack.splice(mark);
  }

  remember(index: number): void {
    const item = this.pop();
    this.#memo.set(index, item);
    this.push(item);
  }

  recall(index: number): void {
    const item = this.#memo.get(index);
    if (item === undefined) throw this.invalid(`recalls item ${index}, which it never kept`);
    this.push(item);
  }

  pushTuple(items: readonly Item[]): void {
    this.push({ kind: 'tuple', items });
  }

  pushList(): void {
    this.push({ kind: 'list', items: [] });
  }

  /** Appends items to the list below them on the stack. */
  append(items: readonly Item[]): void {
    const list = this.pop();
    if (!isKind(list, 'list')) throw this.invalid('appends to what is no list');
    for (const item of items) list.items.push(item);
    this.push(list);
  }

  pushDict(): void {
    this.push({ kind: 'dict', entries: new Map() });
  }

  pushCallable(name: string): void {
    if (name !== DICT && name !== TENSOR && name !== PARAMETER && !STORAGES.has(name)) {
      throw this.invalid(`asks for ${quote(name)}, which a file of weights has no use for`);
    }
    this.push({ kind: 'callable', name });
  }

  /** Puts keys and values, which alternate on the stack, into the dict below them. */
  setItems(items: readonly Item[]): void {
    const dict = this.pop();
    if (!isKind(dict, 'dict') || items.length % 2 !== 0) throw this.invalid('sets items of what is no dict');
    for (let index = 0; index < items.length; index += 2) {
      const [key, value] = [items[index], items[index + 1]];
      if (typeof key !== 'string' || value === undefined) throw this.invalid('has a key that is no text');
      dict.entries.set(key, value);
    }
    this.push(dict);
  }

  /** Ignores the attributes that torch adds to a state dict: metadata about its modules. */
  build(): void {
    this.pop();
    const built = this.pop();
    if (!isKind(built, 'dict')) throw this.invalid('gives attributes to what is no dict');
    this.push(built);
  }

  reduce(): void {
    const [args, callable] = [this.pop(), this.pop()];
    if (!isKind(args, 'tuple') || !isKind(callable, 'callable')) throw this.invalid('calls what is no function');
    const { items } = args;
    if (callable.name === DICT && items.length === 0) this.pushDict();
    else if (callable.name === TENSOR) this.push(this.#tensor(items));
    else if (callable.name === PARAMETER && isKind(items[0], 'tensor')) this.push(items[0]);
    else throw this.invalid(`calls ${callable.name} with ${items.length} arguments that it doesn't take`);
  }

  /**
   * Replaces a storage's id on the stack with the storage. The id is the tuple `('storage', class, key, device, elements)`, to which
   * PyTorch before 1.6 adds None.
   */
  persistent(): void {
    const id = this.pop();
    const [what, type, key, , length, view = null] = isKind(id, 'tuple') ? id.items : [];
    const dtype = isKind(type, 'callable') ? STORAGES.get(type.name) : undefined;
    const isKey = typeof key === 'string' && /^\d{1,20}$/.test(key);
    if (what !== 'storage' || dtype === undefined || !isKey || !isCount(length) || view !== null) {
      throw this.invalid('has a storage that is none');
    }
    if (byteSize(dtype, [length]) === undefined) throw this.invalid(`has a storage of ${length} elements`);
    const known = this.#storages.get(key) ?? { kind: 'storage', key, dtype, length };
    if (known.dtype !== dtype || known.length !== length) throw this.invalid(`tells of storage ${key} in two ways`);
    this.#storages.set(key, known);
    this.push(known);
  }

  invalid(what: string): WebVeraError {
    const { file, position } = this.#reader;
    const hint = 'Save the model by save_pretrained(…, safe_serialization=True), or torch.save(model.state_dict(), …).';
    return fileError('invalid_format', file, `expected a state dict of tensors, but byte ${position} ${what}`, hint);
  }

  /** Makes a tensor from the arguments `(storage, offset, sizes, strides, requires_grad, hooks)`. */
  #tensor([storage, offset, sizes, steps]: readonly Item[]): TensorRef {
    const [shape, strides] = [countsOf(sizes), countsOf(steps)];
    const isWhole = isKind(storage, 'storage') && isCount(offset) && shape !== undefined && strides !== undefined;
    if (!isWhole || shape.length !== strides.length || shape.length > MOST_DIMENSIONS) {
      throw this.invalid('makes a tensor of what is none');
    }
    const size = numel(shape);
    const last = shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? 0), offset);
    // A view that repeats elements is rejected too, because with it a few bytes could request any number of elements.
    if (size > storage.length || (size > 0 && last >= storage.length)) {
      throw this.invalid(`makes a tensor of ${size} elements, the last at ${last}, of a storage of ${storage.length}`);
    }
    return { kind: 'tensor', storage, offset, shape, strides };
  }
}

export function isKind<K extends 'tuple' | 'list' | 'dict' | 'callable' | 'storage' | 'tensor'>(
  item: Item | undefined,
  kind: K,
): item is Extract<Item, { readonly kind: K }> {
  return typeof item === 'object' && item !== null && item.kind === kind;
}

function countsOf(item: Item | undefined): readonly number[] | undefined {
  return isKind(item, 'tuple') && item.items.every(isCount) ? (item.items as readonly number[]) : undefined;
}

function isCount(item: Item | undefined): item is number {
  return typeof item === 'number' && Number.isSafeInteger(item) && item >= 0;
}
