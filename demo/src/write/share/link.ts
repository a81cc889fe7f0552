import { ChoiceProblem } from '../../library/choice_problem';
import { fromHalf, toHalf } from './half';
import { checkHeader, expectThat, headerOf, MOST_NUMBERS, type SharedVoice, sizeOf } from './shared_voice';

/**
 * The beginning of a URL fragment that holds a voice (an adapter that writes in somebody's style). Browsers don't send fragments to
 * servers.
 */
const MARK = '#voice=';
/** The most characters that encode a voice in a link. Many programs truncate longer addresses. */
export const LONGEST_LINK = 60_000;
const LONGEST_HEADER = 60_000;
const MOST_BYTES = 4 + LONGEST_HEADER + 2 * MOST_NUMBERS;

/**
 * Encodes a voice as a URL fragment: the voice's header as JSON and its tensors' values as float16, both deflated. Throws `ChoiceProblem`
 * if the fragment is too long.
 */
export async function toFragment(voice: SharedVoice): Promise<string> {
  const header = new TextEncoder().encode(JSON.stringify(headerOf(voice)));
  const values = voice.tensors.flatMap((tensor) => [...tensor.values]);
  const bytes = new DataView(new ArrayBuffer(4 + header.length + 2 * values.length));
  bytes.setUint32(0, header.length, true);
  new Uint8Array(bytes.buffer).set(header, 4);
  for (const [index, value] of values.entries()) bytes.setUint16(4 + header.length + 2 * index, toHalf(value), true);
  const packed = await piped(bytes, new CompressionStream('deflate-raw'), MOST_BYTES);
  const text = packed && base64url(packed);
  const isLong = header.length > LONGEST_HEADER || values.length > MOST_NUMBERS;
  if (text === undefined || text.length > LONGEST_LINK || isLong)
    throw new ChoiceProblem('This voice is too large for a link. Download it, and share the file.');
  return MARK + text;
}

/** Decodes the voice in a URL fragment; undefined if there is none. Throws `ChoiceProblem` for a voice that is damaged or too large. */
export async function fromFragment(fragment: string): Promise<SharedVoice | undefined> {
  if (!fragment.startsWith(MARK)) return undefined;
  const text = fragment.slice(MARK.length);
  expectThat(text.length <= LONGEST_LINK && /^[\w-]+$/.test(text), 'its text');
  const bytes = await piped(fromBase64url(text), new DecompressionStream('deflate-raw'), MOST_BYTES);
  expectThat(bytes !== undefined && bytes.length > 4, 'its text');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 4 + view.getUint32(0, true);
  expectThat(start <= Math.min(bytes.length, 4 + LONGEST_HEADER), 'its header');
  const { shapes, ...fields } = checkHeader(parsed(bytes.subarray(4, start)));
  const count = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  expectThat(count <= MOST_NUMBERS && bytes.length === start + 2 * count, 'its length');
  let at = start;
  const tensors = shapes.map((entry) => {
    const [name, ...shape] = entry;
    const values = new Float32Array(sizeOf(entry));
    for (let index = 0; index < values.length; index++, at += 2) values[index] = fromHalf(view.getUint16(at, true));
    expectThat(values.every(Number.isFinite), 'its numbers');
    return { name, shape, values };
  });
  return { ...fields, tensors };
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** Passes bytes through a stream; undefined if the stream rejects them, or if more than `most` bytes come out. */
async function piped(
  bytes: BlobPart,
  through: CompressionStream | DecompressionStream,
  most: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  try {
    const reader = new Blob([bytes]).stream().pipeThrough(through).getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      length += read.value.length;
      if (length > most) {
        await reader.cancel();
        return undefined;
      }
      chunks.push(read.value);
    }
  } catch {
    return undefined;
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function base64url(bytes: Uint8Array): string {
  const signs = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(signs).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (sign) => sign.charCodeAt(0));
  } catch {
    return new Uint8Array(); // no base64 text has this length
  }
}
