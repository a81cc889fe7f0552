import { fileError, RAISE_LIMIT } from '../file_error';
import type { ByteReader } from '../tensors/byte_reader';
import { quote } from '../tensors/header_scanner';
import { type Item, isKind, PickleMachine, type TensorRef } from './pickle_machine';
import { PickleReader } from './pickle_reader';

/** Executes one opcode on the machine. */
type Opcode = (machine: PickleMachine, reader: PickleReader) => void;

const put =
  (item: Item): Opcode =>
  (machine) =>
    machine.push(item);

/** Makes a tuple of the last `count` items of the stack. */
const tupleOf =
  (count: number): Opcode =>
  (machine) => {
    const items = Array.from({ length: count }, () => machine.pop());
    machine.pushTuple(items.reverse());
  };

const OPCODES: ReadonlyMap<number, Opcode> = new Map<number, Opcode>([
  [code('N'), put(null)],
  [0x88, put(true)],
  [0x89, put(false)],
  [code('K'), (machine, reader) => machine.push(reader.byte())],
  [code('M'), (machine, reader) => machine.push(reader.u16())],
  [code('J'), (machine, reader) => machine.push(reader.i32())],
  [code('G'), (machine, reader) => machine.push(reader.double())],
  [0x8a, (machine, reader) => machine.push(reader.long(reader.byte()) ?? Number.NaN)],
  [code('X'), (machine, reader) => machine.push(reader.text(reader.u32()))],
  [code('q'), (machine, reader) => machine.remember(reader.byte())],
  [code('r'), (machine, reader) => machine.remember(reader.u32())],
  [code('h'), (machine, reader) => machine.recall(reader.byte())],
  [code('j'), (machine, reader) => machine.recall(reader.u32())],
  [code('('), (machine) => machine.mark()],
  [code(')'), (machine) => machine.pushTuple([])],
  [0x85, tupleOf(1)],
  [0x86, tupleOf(2)],
  [0x87, tupleOf(3)],
  [code('t'), (machine) => machine.pushTuple(machine.popToMark())],
  [code(']'), (machine) => machine.pushList()],
  [code('a'), (machine) => machine.append([machine.pop()])],
  [code('e'), (machine) => machine.append(machine.popToMark())],
  [code('}'), (machine) => machine.pushDict()],
  [code('s'), (machine) => machine.setItems([machine.pop(), machine.pop()].reverse())],
  [code('u'), (machine) => machine.setItems(machine.popToMark())],
  [code('c'), (machine, reader) => machine.pushCallable(`${reader.line()}.${reader.line()}`)],
  [code('R'), (machine) => machine.reduce()],
  [code('Q'), (machine) => machine.persistent()],
  [code('b'), (machine) => machine.build()],
]);

const PROTO = 0x80;
const STOP = code('.');
/** The protocols that torch writes. Protocol 3 differs only in opcodes that state dicts don't have. */
const PROTOCOLS = [2, 3];

export interface PickleOptions {
  readonly file: string;
  readonly limits: { readonly safetensorsHeader: number; readonly tensors: number };
}

/** An object that was read from a pickle, the machine that made it, and the size of the pickle. */
interface Unpickled {
  readonly item: Item;
  readonly machine: PickleMachine;
  readonly bytes: number;
}

/**
 * Reads a whole pickle. Throws `limit_exceeded`, and `invalid_format` for opcodes and objects that no state dict contains, before it
 * executes them.
 */
export async function readPickle(stream: ByteReader, { file, limits }: PickleOptions): Promise<Unpickled> {
  const reader = new PickleReader(stream, { file, limit: limits.safetensorsHeader });
  const machine = new PickleMachine(reader);
  await reader.ready();
  if (reader.byte() !== PROTO || !PROTOCOLS.includes(reader.byte())) {
    throw machine.invalid('begins no pickle of protocol 2');
  }
  for (;;) {
    if (!reader.isReady) await reader.ready();
    const opcode = reader.byte();
    if (opcode === STOP) break;
    const step = OPCODES.get(opcode);
    if (step === undefined) throw machine.invalid(`has the opcode ${opcode}, which no state dict needs`);
    step(machine, reader);
  }
  return { item: machine.pop(), machine, bytes: reader.position };
}

/** Reads the pickle of a state dict as `readPickle` does. Returns, for each tensor, the storage that it views. */
export async function readStateDict(
  stream: ByteReader,
  options: PickleOptions,
): Promise<{ readonly tensors: ReadonlyMap<string, TensorRef>; readonly bytes: number }> {
  const { item: dict, machine, bytes } = await readPickle(stream, options);
  const { file, limits } = options;
  if (!isKind(dict, 'dict')) throw machine.invalid('ends what is no dict');
  if (dict.entries.size > limits.tensors) {
    throw fileError('limit_exceeded', file, `expected at most ${limits.tensors} tensors, got more`, RAISE_LIMIT);
  }
  const tensors = new Map<string, TensorRef>();
  for (const [name, item] of dict.entries) {
    if (!isKind(item, 'tensor')) throw machine.invalid(`ends a dict whose ${quote(name)} is no tensor`);
    tensors.set(name, item);
  }
  return { tensors, bytes };
}

function code(character: string): number {
  return character.charCodeAt(0);
}
