import type { Drawable } from '../../../src/parts/pictures';
import { create, setText, show } from '../page/dom';

const REASONS: Readonly<Record<string, string>> = {
  NotAllowedError: 'This page was not allowed to use the camera.',
  NotFoundError: 'There is no camera here.',
  NotReadableError: 'The camera is used by something else.',
};

/** What the camera sees, or why it can't be seen. */
export class Camera {
  readonly #video = create('video', { className: 'view', muted: true, playsInline: true });
  readonly #reason = create('p', { className: 'camera-reason', attributes: { role: 'status' } });
  readonly root = create('div', { className: 'camera' }, this.#video, this.#reason);
  #stream: MediaStream | undefined;
  /** Of the last wish; one that comes too late is let go. */
  #wanted = 0;

  constructor() {
    this.#video.setAttribute('aria-label', 'What the camera sees');
    show(this.#video, false);
  }

  /** Whether it can be seen now. Where it can't, the reason stands in its place. */
  async start(): Promise<boolean> {
    this.stop();
    const wanted = this.#wanted;
    setText(this.#reason, 'Waiting for the camera…');
    try {
      const stream = await openCamera();
      if (wanted !== this.#wanted) {
        for (const track of stream.getTracks()) track.stop();
        return false;
      }
      this.#stream = stream;
      this.#video.srcObject = stream;
      await this.#video.play();
      show(this.#video, true);
      setText(this.#reason, '');
      return true;
    } catch (error) {
      if (wanted !== this.#wanted) return false;
      const name = error instanceof DOMException ? error.name : '';
      setText(
        this.#reason,
        `${REASONS[name] ?? 'The camera could not be opened.'} Files and drawings work all the same.`,
      );
      return false;
    }
  }

  stop(): void {
    this.#wanted++;
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
    this.#video.srcObject = null;
    show(this.#video, false);
    setText(this.#reason, '');
  }

  /** The frame that is shown now, if there is one. */
  frame(): Drawable | undefined {
    const { videoWidth: width, videoHeight: height } = this.#video;
    return this.#stream === undefined || width === 0 ? undefined : { source: this.#video, width, height };
  }
}

/** Browsers hide cameras from pages that aren't secure. */
async function openCamera(): Promise<MediaStream> {
  const { mediaDevices } = navigator as Partial<Navigator>;
  if (mediaDevices === undefined) throw new DOMException('', 'NotFoundError');
  return mediaDevices.getUserMedia({ video: { facingMode: 'environment', width: { ideal: 480 } }, audio: false });
}
