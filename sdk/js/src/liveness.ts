interface Target {
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
}

export interface LivenessHost {
  /** Is the connection answering? */
  probe(): void;
  /** A network is there again. */
  hurry(): void;
}

const tickMs = 5_000;

/** Notices what the socket notices late: a machine that slept, a network that went or came. */
export class Liveness {
  readonly #timer: ReturnType<typeof setInterval>;
  #last = Date.now();
  readonly #target: Target = typeof window === 'object' ? window : {};
  readonly #listeners: [string, () => void][];

  constructor(host: LivenessHost) {
    const wake = (): void => {
      host.hurry();
      host.probe();
    };
    this.#timer = setInterval(() => {
      const slept = Date.now() - this.#last > 3 * tickMs;
      this.#last = Date.now();
      if (slept) wake();
    }, tickMs);
    this.#listeners = [
      ['online', wake],
      ['offline', () => host.probe()],
      ['pageshow', wake],
    ];
    for (const [type, listener] of this.#listeners) this.#target.addEventListener?.(type, listener);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const [type, listener] of this.#listeners) this.#target.removeEventListener?.(type, listener);
  }
}
