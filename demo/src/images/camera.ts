import type { Drawable } from '../../../src/parts/pictures';
import { create, setText, show } from '../page/dom';

const REASONS: Readonly<Record<string, string>> = {
  NotAllowedError: 'This page was not allowed to use the camera.',
  NotFoundError: 'There is no camera here.',
  NotReadableError: 'The camera is used by something else.',
};

/** The camera's video, or the reason why there is none. */
export class Camera {
  readonly #video = create('video', { className: 'view', muted: true, playsInline: true });
  readonly #reason = create('p', { className: 'camera-reason', attributes: { role: 'status' } });
  readonly root = create('div', { className: 'camera' }, this.#video, this.#reason);
  #stream: MediaStream | undefined;
  /** Counts starts and stops. A camera stream that opens for an earlier start is stopped. */
  #wanted = 0;

  constructor() {
    this.#video.setAttribute('aria-label', 'What the camera sees');
    show(this.#video, false);
  }

  /** Starts the camera. If that fails, shows the reason and resolves with false. */
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
      this.stop(); // a camera that opened, but whose video doesn't play, would stay on
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

  /** The current frame, if any. */
  frame(): Drawable | undefined {
    const { videoWidth: width, videoHeight: height } = this.#video;
    return this.#stream === undefined || width === 0 ? undefined : { source: this.#video, width, height };
  }
}

/** Opens the camera. Rejects with a `NotFoundError` on pages without https, where browsers hide the camera API. */
async function openCamera(): Promise<MediaStream> {
  const { mediaDevices } = navigator as Partial<Navigator>;
  if (mediaDevices === undefined) throw new DOMException('', 'NotFoundError');
  return mediaDevices.getUserMedia({ video: { facingMode: 'environment', width: { ideal: 480 } }, audio: false });
}
